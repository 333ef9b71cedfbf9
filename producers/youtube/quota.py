"""The units of YouTube's Data API that a day allows. A day of it begins at midnight in California. Kept in a cursor."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import Backpressure
from schemas.events import Millis

LIST, SEARCH = 1, 100
"""What one request costs, as YouTube's table of costs has it."""

_ZONE = ZoneInfo("America/Los_Angeles")


class Used(BaseModel):
    """The cursor: units used on the day (`YYYY-MM-DD`)."""

    model_config = ConfigDict(frozen=True)

    day: str = ""
    units: int = 0


class Quota:
    """What is left of the day's units."""

    def __init__(self, stored: str | None, daily: int, now_ms: Millis) -> None:
        self._daily = daily
        self._now = datetime.fromtimestamp(now_ms / 1000, _ZONE)
        used = _used(stored)
        day = f"{self._now:%Y-%m-%d}"
        self._used = used if used.day == day else Used(day=day)

    @property
    def left(self) -> int:
        """Units left today."""
        return max(0, self._daily - self._used.units)

    def charge(self, units: int) -> None:
        """So many are about to be used; raises Backpressure until the day is over where they are not left."""
        if units > self.left:
            raise self.exhausted(
                f"{self.left} of the day's {self._daily} units are left (DENYUT_YOUTUBE_QUOTA)"
            )
        self._used = self._used.model_copy(update={"units": self._used.units + units})

    def exhausted(self, told: str) -> Backpressure:
        """Nothing is asked before the day is over in California."""
        tomorrow = (self._now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return Backpressure(told, retry_after=max(60.0, tomorrow.timestamp() - self._now.timestamp()))

    def stored(self) -> str:
        """The cursor."""
        return self._used.model_dump_json()


def _used(stored: str | None) -> Used:
    if stored is None:
        return Used()
    try:
        return Used.model_validate_json(stored)
    except ValidationError:
        structlog.get_logger().warning("quota_unreadable", cursor=stored[:80])
        return Used()
