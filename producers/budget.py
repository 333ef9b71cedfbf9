"""A monthly budget of paid reads, spent evenly: each day has its share of what is left. Kept in a cursor."""

import calendar
from datetime import UTC, datetime, timedelta

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import Backpressure
from schemas.events import Millis

_LOOK_AGAIN_S = 3_600.0


class Spent(BaseModel):
    """The cursor: what was read in the month (`YYYY-MM`, UTC), and of it on the day (`YYYY-MM-DD`)."""

    model_config = ConfigDict(frozen=True)

    month: str = ""
    used: int = 0
    day: str = ""
    used_today: int = 0


class Budget:
    """What may still be read; `setting` is named where nothing may."""

    def __init__(self, stored: str | None, monthly: int, setting: str, now_ms: Millis) -> None:
        self._monthly = monthly
        self._setting = setting
        self._now = datetime.fromtimestamp(now_ms / 1000, UTC)
        spent = _spent(stored)
        month, day = f"{self._now:%Y-%m}", f"{self._now:%Y-%m-%d}"
        if spent.month != month:
            spent = Spent()
        self._spent = spent.model_copy(
            update={"month": month, "day": day, "used_today": spent.used_today if spent.day == day else 0}
        )

    @property
    def left(self) -> int:
        """Reads left in the month."""
        return max(0, self._monthly - self._spent.used)

    @property
    def left_today(self) -> int:
        """Reads left of the day's share: what the day began with, divided by the days from it to the month's end."""
        days = calendar.monthrange(self._now.year, self._now.month)[1] - self._now.day + 1
        began_with = max(0, self._monthly - (self._spent.used - self._spent.used_today))
        return max(0, -(-began_with // days) - self._spent.used_today)

    def charge(self, reads: int) -> None:
        """So many were read, or will be; fewer than none where less came than was charged."""
        used, today = self._spent.used + reads, self._spent.used_today + reads
        self._spent = self._spent.model_copy(update={"used": max(0, used), "used_today": max(0, today)})

    def exhausted(self) -> Backpressure:
        """The line that says so; the source is looked at again in an hour."""
        if self.left_today >= self.left:
            first = (self._now.replace(day=1) + timedelta(days=32)).replace(day=1)
            told = f"the {self._monthly} reads of {self._spent.month} are used up, nothing is read before {first:%Y-%m-%d}"
        else:
            told = (
                f"the share of {self._spent.day} in the {self._monthly} reads of the month is used up, "
                f"{self.left} are left for the days after it"
            )
        return Backpressure(f"{told} ({self._setting})", retry_after=_LOOK_AGAIN_S)

    def stored(self) -> str:
        """The cursor."""
        return self._spent.model_dump_json()


def _spent(stored: str | None) -> Spent:
    if stored is None:
        return Spent()
    try:
        return Spent.model_validate_json(stored)
    except ValidationError:
        structlog.get_logger().warning("budget_unreadable", cursor=stored[:80])
        return Spent()
