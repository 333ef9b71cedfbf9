"""Periods of the dashboard: 24h and 7d in hours, 30d and 90d in days, cut in the reader's time zone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)

_PERIODS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"24h": ("hour", 24), "7d": ("hour", 168), "30d": ("day", 30), "90d": ("day", 90)}
)


@dataclass(frozen=True, slots=True)
class Buckets:
    """Consecutive buckets; `edges` are epoch seconds, one more than there are buckets."""

    bucket: str
    edges: Sequence[int]

    @property
    def start_ms(self) -> int:
        """Start of the first bucket."""
        return self.edges[0] * 1000

    @property
    def end_ms(self) -> int:
        """End of the last bucket."""
        return self.edges[-1] * 1000


def buckets(period: str, zone: ZoneInfo, until_ms: int) -> Buckets:
    """The period's buckets; the last one holds the moment just before `until_ms`. Days have 23-25 hours."""
    name, count = _PERIODS[period]
    last = datetime.fromtimestamp((until_ms - 1) / 1000, UTC)
    edges = _hours(last, zone, count) if name == "hour" else _days(last, zone, count)
    return Buckets(name, [int(edge.timestamp()) for edge in edges])


def before(given: Buckets) -> tuple[int, int]:
    """The equally long time right before, as (start, end) in milliseconds."""
    return given.start_ms - (given.end_ms - given.start_ms), given.start_ms


def earlier(given: Buckets, period: str, zone: ZoneInfo) -> Buckets:
    """The equally long time right before the buckets of a period, cut likewise; the first one may be shorter."""
    start, end = (edge // 1000 for edge in before(given))
    edges = [edge for edge in buckets(period, zone, end * 1000).edges if edge > start]
    return Buckets(given.bucket, [start, *edges])


def _hours(last: datetime, zone: ZoneInfo, count: int) -> list[datetime]:
    local = last.astimezone(zone)
    # Hours are counted in UTC from a full local hour: local arithmetic would stumble over a change of clocks.
    start = local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    return [start + _HOUR * step for step in range(1 - count, 2)]


def _days(last: datetime, zone: ZoneInfo, count: int) -> list[datetime]:
    day = last.astimezone(zone).date()
    days = [day + timedelta(days=step) for step in range(1 - count, 2)]
    return [datetime(one.year, one.month, one.day, tzinfo=zone) for one in days]
