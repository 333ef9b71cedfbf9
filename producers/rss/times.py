"""When an entry was published: with the zone it names, or its feed's; Indonesian months and zones are understood."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from email.utils import mktime_tz, parsedate_tz
from typing import Any, Literal
from zoneinfo import ZoneInfo

from schemas.events import Millis

Precision = Literal["second", "day", "unknown"]

_WORDS = {
    "mei": "May",
    "agu": "Aug",
    "agt": "Aug",
    "agustus": "Aug",
    "okt": "Oct",
    "oktober": "Oct",
    "des": "Dec",
    "desember": "Dec",
    "januari": "Jan",
    "februari": "Feb",
    "maret": "Mar",
    "juni": "Jun",
    "juli": "Jul",
    "wib": "+0700",
    "wita": "+0800",
    "wit": "+0900",
}
_WORD = re.compile(r"[A-Za-z]+")
_WEEKDAY = re.compile(r"^[A-Za-z'.]+,?\s+(?=\d)")
_COLON = re.compile(r"([+-]\d{2}):(\d{2})$")
_ZONED = re.compile(r"(?:[+-]\d{4}|\b(?:GMT|UTC?|Z|[ECMP][SD]T))$")
"""What parsedate_tz knows as a zone; anything else it takes for UTC without saying so."""

_DATE_CHARACTERS = 10
_YEARS = range(1970, 2200)


def published(entry: Mapping[str, Any], zone: ZoneInfo) -> tuple[Millis | None, Precision]:
    """(time, precision) of `entry`, the first that can be read of its publication and its update; None: no such."""
    for field in ("published", "created", "updated"):
        given = str(entry.get(field) or "").strip()
        found = _iso(given, zone) or _mail(given, zone) or _parsed(entry.get(f"{field}_parsed"))
        if found is not None:
            return found
    return None, "unknown"


def _iso(given: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return _stamp(at.replace(tzinfo=at.tzinfo or zone), "day" if len(given) <= _DATE_CHARACTERS else "second")


def _mail(given: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    """A time as in a mail, which is what RSS asks for."""
    english = _WORD.sub(lambda word: _WORDS.get(word[0].lower(), word[0]), _WEEKDAY.sub("", given))
    english = _COLON.sub(r"\1\2", english)
    found = parsedate_tz(english)
    if found is None:
        return None
    try:
        at = datetime.fromtimestamp(mktime_tz(found), UTC) if _ZONED.search(english) else _moment(found, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return _stamp(at, "second" if ":" in given else "day")


def _parsed(found: Any) -> tuple[Millis, Precision] | None:
    """What feedparser made of it: in UTC, to the second."""
    if found is None:
        return None
    try:
        return _stamp(_moment(found, UTC), "second")
    except (ValueError, TypeError):
        return None


def _moment(fields: Sequence[int | None], zone: tzinfo) -> datetime:
    year, month, day, hour, minute, second = (number or 0 for number in fields[:6])
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _stamp(at: datetime, precision: Precision) -> tuple[Millis, Precision] | None:
    return (round(at.timestamp() * 1000), precision) if at.year in _YEARS else None
