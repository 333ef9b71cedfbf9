"""The quota of NewsAPI, which its answers do not tell: requests of the last day, counted by the hour."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from schemas.events import Millis

_HOUR_MS = 3_600_000
_DAY_H, _HALF_H = 24, 12
_MORE = 2


class Budget(BaseModel):
    """How many requests were made in which hour (since the epoch); immutable.

    Of a day's quota, half may be used in half a day: so says the message of the service's 429.
    """

    model_config = ConfigDict(frozen=True)

    spent: Mapping[int, int] = {}

    def left(self, daily: int, now: Millis) -> int:
        """Requests that may still be made at `now`."""
        return max(0, min(daily - self._since(now, _DAY_H), (daily + 1) // 2 - self._since(now, _HALF_H)))

    def left_now(self, daily: int, now: Millis) -> int:
        """Requests that may still be made within this hour: its share of the day and a little more.

        Failures are tried again soon, and each is paid for: an hour of them must not use up half a day.
        """
        share = -(-daily // _DAY_H) + _MORE
        return min(self.left(daily, now), max(0, share - self.spent.get(now // _HOUR_MS, 0)))

    def after(self, now: Millis) -> "Budget":
        """The budget after one more request."""
        hour = now // _HOUR_MS
        kept = {at: count for at, count in self.spent.items() if at > hour - _DAY_H}
        return Budget(spent={**kept, hour: kept.get(hour, 0) + 1})

    def _since(self, now: Millis, hours: int) -> int:
        return sum(count for at, count in self.spent.items() if at > now // _HOUR_MS - hours)


def next_hour_s(now: Millis) -> float:
    """Seconds until the next hour, when requests of a day ago are forgotten."""
    return (_HOUR_MS - now % _HOUR_MS) / 1000
