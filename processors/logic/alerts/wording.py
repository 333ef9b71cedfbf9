"""The parts of an explanation: times, subjects and figures in English."""

from datetime import UTC, datetime

from schemas.events import Millis

_SMALL = 10


def between(start: Millis, end: Millis) -> str:
    """`between 13:00 and 14:00 UTC on 2015-08-24`."""
    first, last = _moment(start), _moment(end)
    if first.date() == last.date():
        return f"between {first:%H:%M} and {last:%H:%M} UTC on {first:%Y-%m-%d}"
    return f"between {first:%H:%M} UTC on {first:%Y-%m-%d} and {last:%H:%M} UTC on {last:%Y-%m-%d}"


def since(at: Millis) -> str:
    """`13:00 UTC on 2015-08-24`."""
    return f"{_moment(at):%H:%M UTC on %Y-%m-%d}"


def mentions(count: int, subject: str, platform: str) -> str:
    """`19 mentions of BBCA.JK on x`; of `all:` only `19 mentions`."""
    kind, _, name = subject.partition(":")
    noun = "mention" if count == 1 else "mentions"
    of = {"all": "", "hashtag": f" of #{name}", "keyword": f" of '{name}'", "pair": f" of '{name}'"}.get(
        kind, f" of topic {name}" if kind == "topic" else f" of {name}"
    )
    return f"{count} {noun}{of}" + (f" on {platform}" if platform else "")


def about(count: float) -> str:
    """An expected count, `6.2` or `62`."""
    return f"{count:.1f}" if count < _SMALL else f"{count:.0f}"


def lasting(seconds: float) -> str:
    """`45 s`, `12 min`, `25 h 3 min`."""
    whole = int(seconds)
    if whole < 120:  # noqa: PLR2004 -- two minutes
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    if hours == 0:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _moment(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, tz=UTC)
