"""The windows of time: which 1m, 5m, 1h and 1d window an instant lies in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
WINDOWS = ("1m", "5m", "1h", "1d")
DAYS = ("1d",)
"""The windows that hold whole days: where a mention counts of which only the day is known."""
_FIXED = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1h": 60 * MINUTE_MS}
_QUARTER_MS = 15 * MINUTE_MS
_CACHED_QUARTERS = 50_000


class Spans:
    """Cuts time into windows; days begin at midnight in `day_zone`, all others are aligned to UTC."""

    def __init__(self, day_zone: str) -> None:
        self._zone = ZoneInfo(day_zone)
        self._days: dict[int, tuple[int, int]] = {}

    def span(self, window: str, at: int) -> tuple[int, int]:
        """[start, end) in epoch milliseconds of the window that holds the instant `at`."""
        size = _FIXED.get(window)
        if size is None:
            return self._day(at)
        start = at - at % size
        return start, start + size

    def gap(self, window: str, earlier: int, later: int) -> int:
        """How many windows lie between the one that starts at `earlier` and the one that starts at `later`, at least 0."""
        size = _FIXED.get(window, 86_400_000)
        # A day of 23 or 25 hours is still one day: hence the rounding.
        return max(round((later - earlier) / size) - 1, 0)

    def _day(self, at: int) -> tuple[int, int]:
        # Every offset of a zone in use is a multiple of 15 minutes, so a quarter of an hour never spans two days.
        quarter = at // _QUARTER_MS
        day = self._days.get(quarter)
        if day is None:
            if len(self._days) >= _CACHED_QUARTERS:
                self._days.clear()
            local = datetime.fromtimestamp(quarter * _QUARTER_MS / 1000, tz=UTC).astimezone(self._zone)
            midnight = datetime(local.year, local.month, local.day, tzinfo=self._zone)
            after = (midnight + timedelta(days=1)).replace(tzinfo=None)
            day = (_millis(midnight), _millis(after.replace(tzinfo=self._zone)))
            self._days[quarter] = day
        return day


def _millis(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000
