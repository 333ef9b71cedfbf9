"""`python -m processors backtest RULE.json --from … --to …`: when a rule would have told, and of what."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from processors.backtest.landed import Landed
from processors.backtest.rule import read
from processors.logic.alerts.replay import Replay
from processors.logic.alerts.rules import WATCHED
from processors.settings import BacktestSettings
from schemas.errors import DenyutError
from schemas.events import Alert, Millis, Rule
from schemas.settings import load

_BEFORE_MS = {
    "1m": 6 * 3_600_000,
    "5m": 86_400_000,
    "1h": 7 * 86_400_000,
    "1d": 90 * 86_400_000,
    "": 30 * 86_400_000,
}
"""How long before `--from` reading begins, by kind of window, so that the usual sentiment and the last run are known by then."""


def main(words: list[str]) -> int:
    """0 when history was read, 1 where it could not be, 2 for wrong arguments; alerts go to the standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m processors backtest", description="When a rule would have told, over landed history."
    )
    parser.add_argument(
        "rule", type=Path, metavar="RULE.json", help="a rule as `api` and `deploy rules` show it"
    )
    parser.add_argument(
        "--from",
        dest="since",
        type=_instant,
        required=True,
        help="first start of a window, ISO 8601; UTC unless it says",
    )
    parser.add_argument(
        "--to", dest="until", type=_instant, required=True, help="end of the starts of windows, ISO 8601"
    )
    parser.add_argument("--json", action="store_true", help="one alert a line, as the event")
    options = parser.parse_args(words)
    if options.until <= options.since:
        parser.error("--to is not after --from")
    try:
        rule = read(options.rule)
        settings = load(BacktestSettings)
        told = sorted(told_of(rule, Landed(settings), options.since, options.until), key=_by_time)
    except DenyutError as error:
        sys.stderr.write(f"denyut: {error}\n")
        return 1
    for alert in told:
        sys.stdout.write((json.dumps(alert, ensure_ascii=False) if options.json else _line(alert)) + "\n")
    if not options.json:
        sys.stdout.write(f"{len(told)} alerts of {rule['id']}\n")
    return 0


def told_of(rule: Rule, landed: Landed, since: Millis, until: Millis) -> Iterator[Alert]:
    """Alerts about windows that begin in [since, until), as the stage would have raised them."""
    replay = Replay(rule)
    first = since - max(_BEFORE_MS[rule["window"]], 2 * rule["cooldown_s"] * 1000)
    alerts: Iterator[Alert]
    match WATCHED[rule["kind"]]:
        case ("trends", "closes"):
            # Pairs are the same in whatever order; a mood may be that of a window which ends after the last bar.
            day = _BEFORE_MS["5m"]
            closes = replay.closes(landed.bars(rule, first, until))
            alerts = chain(closes, replay.trends(landed.trends(rule, first - day, until + day)))
        case ("bars",):
            alerts = replay.bars(landed.bars(rule, first, until))
        case ("topics",):
            alerts = replay.topics(landed.topics(rule, first, until))
        case ("runs",):
            alerts = replay.runs(landed.runs(rule, first, until), until)
        case _:
            alerts = replay.trends(landed.trends(rule, first, until))
    return (alert for alert in alerts if since <= alert["start"] < until)


def _instant(text: str) -> Millis:
    at = datetime.fromisoformat(text)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _by_time(alert: Alert) -> tuple[Millis, str]:
    return alert["fired_at"], alert["subject"]


def _line(alert: Alert) -> str:
    at = datetime.fromtimestamp(alert["fired_at"] / 1000, tz=UTC)
    return (
        f"{at:%Y-%m-%d %H:%M:%S} UTC  {alert['subject']}  observed {alert['observed']:g}, expected {alert['expected']:.3g}, "
        f"score {alert['score']:.2f}: {alert['explanation']}"
    )
