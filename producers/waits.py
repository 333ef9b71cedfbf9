"""How long the other side asks to wait: the header Retry-After."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_MOST_S = 86_400.0


def retry_after_s(given: str | None, now: datetime) -> float | None:
    """Seconds that `given` asks for, between one and a day; None where there is none that can be read."""
    if given is None:
        return None
    given = given.strip()
    if given.isascii() and given.isdigit():
        seconds = float(given[:9])
    else:
        try:
            at = parsedate_to_datetime(given)
            seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 1.0), _MOST_S)
