"""Times as the web writes them: ISO, as in a mail, or in Indonesian words ("Senin, 12 Jan 2026 10:15 WIB")."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import mktime_tz, parsedate_tz
from typing import Literal
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


_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb",
            "mar",
            "apr",
            "mei may",
            "jun",
            "jul",
            "agu ags agt aug",
            "sep",
            "okt oct",
            "nov nop",
            "des dec",
        ),
        1,
    )
    for name in names.split()
}
_TAIL = r"(?:\D{0,12}?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?\s*(?P<zone>WIB|WITA|WIT|UTC|GMT)?)?"
_IN_WORDS = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})[\s-]+(?P<month>[A-Za-z]{{3,9}})\.?[\s-]+(?P<year>\d{{4}})(?!\d){_TAIL}",
    re.IGNORECASE,
)
_IN_NUMBERS = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})[/-](?P<number>\d{{1,2}})[/-](?P<year>\d{{4}})(?!\d){_TAIL}", re.IGNORECASE
)
_HOURS = {"WIB": 7, "WITA": 8, "WIT": 9, "UTC": 0, "GMT": 0}
_LONGEST = 300


def stated(given: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    """The time that `given` is, to the second or the day; in `zone` where it names none. None where it is no time."""
    given = given.strip()[:_LONGEST]
    return _iso(given, zone) or _mail(given, zone) or within(given, zone)


def within(text: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    """The first time that stands somewhere in `text` as Indonesian outlets write it: the day before the month."""
    text = " ".join(text.split())[:_LONGEST]
    found = _IN_WORDS.search(text) or _IN_NUMBERS.search(text)
    if found is None:
        return None
    parts = found.groupdict()
    month = int(parts["number"]) if parts.get("number") else _MONTHS.get(str(parts["month"])[:3].lower(), 0)
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    named = (parts["zone"] or "").upper()
    at_zone: tzinfo = timezone(timedelta(hours=_HOURS[named])) if named else zone
    try:
        at = datetime(int(parts["year"]), month, int(parts["day"]), hour, minute, second, tzinfo=at_zone)
    except ValueError:
        return None
    return stamp(at, "day" if parts["hour"] is None else "second")


def _iso(given: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return stamp(at.replace(tzinfo=at.tzinfo or zone), "day" if len(given) <= _DATE_CHARACTERS else "second")


def _mail(given: str, zone: ZoneInfo) -> tuple[Millis, Precision] | None:
    """A time as in a mail, which is what RSS asks for."""
    english = _WORD.sub(lambda word: _WORDS.get(word[0].lower(), word[0]), _WEEKDAY.sub("", given))
    english = _COLON.sub(r"\1\2", english)
    found = parsedate_tz(english)
    if found is None:
        return None
    try:
        at = datetime.fromtimestamp(mktime_tz(found), UTC) if _ZONED.search(english) else moment(found, zone)
    except (ValueError, OverflowError, OSError):
        return None
    return stamp(at, "second" if ":" in given else "day")


def moment(fields: Sequence[int | None], zone: tzinfo) -> datetime:
    """The time of six numbers, year first; raises ValueError where there is no such time."""
    year, month, day, hour, minute, second = (number or 0 for number in fields[:6])
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def stamp(at: datetime, precision: Precision) -> tuple[Millis, Precision] | None:
    """`at` in milliseconds; None where nobody can mean that year."""
    return (round(at.timestamp() * 1000), precision) if at.year in _YEARS else None
