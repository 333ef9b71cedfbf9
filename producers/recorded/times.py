"""Times as recorded files give them: to the second or to the day, moved by the shift of a pass."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from schemas.errors import Poison
from schemas.events import Millis
from schemas.topics import DAY_MS

Precision = Literal["second", "day"]

_YEARS = range(1970, 2200)
_DATE_CHARACTERS = 10


def published(ts: object, zone: ZoneInfo, shift_ms: int = 0) -> tuple[Millis, Precision]:
    """(time, precision) of `ts`, an ISO 8601 string, in `zone` where it names none, moved by `shift_ms`.

    A day is its midnight in `zone` and moves by whole days, so that it stays one. Raises Poison (malformed).
    """
    if not isinstance(ts, str):
        raise Poison("malformed", f"ts is {_kind(ts)}, not a string")
    try:
        if len(ts) <= _DATE_CHARACTERS:
            return midnight(ts, zone, shift_ms // DAY_MS), "day"
        at = datetime.fromisoformat(ts)
    except ValueError as error:
        raise Poison("malformed", f"ts is not an ISO 8601 time: {ts[:40]!r}") from error
    if at.year not in _YEARS:
        raise Poison("malformed", f"ts is out of range: {ts[:40]!r}")
    if at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return round(at.timestamp() * 1000) + shift_ms, "second"


@lru_cache(maxsize=4096)
def midnight(day: str, zone: ZoneInfo, days: int = 0) -> Millis:
    """Midnight of an ISO date in `zone`, `days` later; raises ValueError where it is no date or out of range."""
    parsed = date.fromisoformat(day)
    if parsed.year not in _YEARS:
        raise ValueError(day)
    local = datetime.combine(parsed + timedelta(days=days), time(), zone)
    return round(local.timestamp() * 1000)


def shift_to(to: Millis, newest: Millis, precision: Precision, zone: ZoneInfo) -> int:
    """Milliseconds that move `newest` to the instant `to`; whole days, to the day of it, where it is known to the day."""
    if precision == "second":
        return to - newest
    there, day = (datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date() for at in (to, newest))
    return (there - day).days * DAY_MS


def _kind(value: object) -> str:
    return "missing" if value is None else f"a {type(value).__name__}"
