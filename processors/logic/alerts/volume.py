"""More mentions than usual, and more mentions than asked for."""

from bisect import bisect_left

from processors.logic.alerts.finding import Finding, from_trend
from processors.logic.alerts.removal import Removal, of_mentions
from processors.logic.alerts.wording import about, between, mentions
from processors.logic.rows import AUTHOR_WEIGHT
from schemas.events import Rule, Trend

LEAST_LEARNT = 6
"""Windows that a baseline must have learnt from: what is usual is not known after fewer, so nothing is unusual."""


def volume_spike(rule: Rule, subject: str, trend: Trend) -> Finding | None:
    """The window's score (z) reaches `threshold` and its mentions `minimum`. Observed and expected are mentions."""
    if trend["score"] < rule["threshold"] or trend["mentions"] < rule["minimum"]:
        return None
    if trend["learnt"] < LEAST_LEARNT:
        return None
    counted = mentions(trend["mentions"], subject, trend["platform"])
    return from_trend(
        trend,
        trend["mentions"],
        trend["baseline"],
        trend["score"],
        f"{counted} {between(trend['start'], trend['end'])}, where about {about(trend['baseline'])} are usual.",
        _fewer(rule, trend),
    )


def keyword(rule: Rule, subject: str, trend: Trend) -> Finding | None:
    """The window's mentions reach `minimum`. Observed and expected are mentions; the score is their number."""
    count = trend["mentions"]
    if count < max(rule["minimum"], 1):
        return None
    counted = mentions(count, subject, trend["platform"])
    return from_trend(
        trend,
        count,
        trend["baseline"],
        count,
        f"{counted} {between(trend['start'], trend['end'])}: the rule asks for {rule['minimum']}, "
        f"about {about(trend['baseline'])} are usual.",
        of_mentions(trend, max(rule["minimum"], 1) - 1),
    )


def _fewer(rule: Rule, trend: Trend) -> Removal:
    """So few must be left that they are below what is asked for, or score too little even if each weighs a whole mention."""
    asked = max(rule["minimum"], trend["least"], 1)
    if not _same_measure(trend):
        return of_mentions(trend, asked - 1, "Fewer may do: what the rest would have scored is not known.")
    unusual = bisect_left(range(trend["mentions"]), rule["threshold"], key=lambda left: _scored(trend, left))
    left = max(unusual, asked) - 1
    return of_mentions(trend, left, _doubt(trend, trend["mentions"] - left))


def _same_measure(trend: Trend) -> bool:
    """Whether less would have been measured by the same.

    What others said sets the measure of a subject. Mentions that weigh nothing count there; a pair's own posts do, too.
    """
    if not trend["expected"] or trend["subject_kind"] == "pair":
        return False
    return trend["subject_kind"] == "all" or trend["weight"] == trend["mentions"]


def _scored(trend: Trend, weight: int) -> float:
    """What the window would have scored, had its mentions weighed so much."""
    measures = zip(trend["expected"], trend["spread"], strict=True)
    return max((weight - expected) / spread for expected, spread in measures)


def _doubt(trend: Trend, removed: int) -> str:
    """Said wherever fewer may do: an author's only mention may take two from the weight, once others' weigh two at most.

    That begins on a platform once its authors who are left have said more than two each, on the average.
    """
    mentions, authors = trend["mentions"], trend["authors"]
    if trend["platform"]:
        some = authors > 0 and mentions + removed - 1 > AUTHOR_WEIGHT * authors
    else:
        # Of several platforms; which authors are of which, it does not say.
        some = authors > 0 and mentions - authors > 1 and removed > 1
    return "Fewer may do where they are all that some authors said." if some else ""
