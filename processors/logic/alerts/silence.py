"""A source that has published nothing for longer than it should.

A row is `[last item, last run, outcome, error, runs]`: when the last run that published anything ended, when the last run of all
did, how that one ended, and how many runs came since without an item. Times are epoch milliseconds of the clock.
"""

from typing import Any

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.quiet import quiet_hours
from processors.logic.alerts.removal import Removal
from processors.logic.alerts.wording import lasting, since
from schemas.events import Millis, Rule, Run

SourceRow = list[Any]

_ERROR_CHARACTERS = 200


def name_of(run: Run) -> str:
    """`collector/source`."""
    return f"{run['collector']}/{run['source']}"


def last_run(row: SourceRow) -> Millis:
    """When the last run ended."""
    ended: Millis = row[1]
    return ended


def heard(row: SourceRow | None, run: Run) -> SourceRow | None:
    """The row after a run; None where the source is not known to publish yet, so that its silence says nothing."""
    published = run["published"] > 0
    if row is None:
        if not published:
            return None
        return [run["ended_at"], *_last(run), 0]
    item, ended, outcome, error, runs = row
    if published:
        item, runs = max(item, run["ended_at"]), 0
    else:
        runs += 1
    last = _last(run) if run["ended_at"] >= ended else [ended, outcome, error]
    return [item, *last, runs]


def source_silent(rule: Rule, name: str, row: SourceRow, now: Millis) -> Finding | None:
    """No item since `threshold` seconds of the clock, whatever the runs since were: none, empty or failed.

    The silence begins with the last item, so it is one until the next item, and fires at the moment it became too long; where
    that lies in the rule's quiet hours and the silence lasts, at their end. Observed, expected and score are seconds.
    """
    item, ended, outcome, error, runs = row
    due = due_at(rule, row)
    if now <= due:
        return None
    quiet_s = (now - item) / 1000
    if runs == 0:
        why = "no run was told of since"
    else:
        many = "the one run" if runs == 1 else f"the last of {runs} runs"
        why = f"{many} since, at {since(ended)}, ended '{outcome}'" + (f": {error}" if error else "")
    return Finding(
        item,
        due,
        due,
        quiet_s,
        rule["threshold"],
        quiet_s,
        f"{name} has published nothing for {lasting(quiet_s)}, since {since(item)}; {why}.",
        removal=Removal(note="There is nothing to remove: one item more would have kept it quiet."),
    )


def due_at(rule: Rule, row: SourceRow) -> Millis:
    """The last instant at which the silence that goes on since the last item need not be told yet."""
    due: Millis = row[0] + int(rule["threshold"] * 1000)
    quiet = quiet_hours(rule)
    return due if quiet is None else quiet.over(due)


def _last(run: Run) -> list[Any]:
    return [run["ended_at"], run["outcome"], (run["error"] or "")[:_ERROR_CHARACTERS]]
