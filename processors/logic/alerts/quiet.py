"""Quiet hours of a rule: hours of a clock in some zone, asked of event times, so that a replay keeps them as the events did."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import Poison
from schemas.events import Millis, Rule

_DAYS = 3
"""Days among which one shows the end of quiet hours: no zone has ever left out more than one."""


class Quiet(NamedTuple):
    """From `start` until `end` by the clock of `zone`, each day; over midnight where `end` comes first."""

    start: time
    end: time
    zone: ZoneInfo

    def covers(self, at: Millis) -> bool:
        """Whether it is quiet at that instant."""
        now = self._local(at).time()
        if self.start < self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end

    def over(self, at: Millis) -> Millis:
        """The first instant from `at` on at which it is not quiet."""
        if not self.covers(at):
            return at
        today = self._local(at).date()
        # A clock that is put back shows the end twice, one that is put forward may not show it at all that day.
        ends = (
            int(datetime.combine(today + timedelta(days=days), end, self.zone).timestamp() * 1000)
            for days in range(_DAYS)
            for end in (self.end.replace(fold=0), self.end.replace(fold=1))
        )
        over = min(one for one in ends if one > at and not self.covers(one))
        jump = self._jump(at, over)
        return over if jump is None or self.covers(jump) else jump

    def _jump(self, at: Millis, until: Millis) -> Millis | None:
        """The instant after `at` at which the clock was put forward or back; None where it is the same `until` then."""
        before = self._local(at).utcoffset()
        if self._local(until).utcoffset() == before:
            return None
        same, other = at, until
        while other - same > 1:
            middle = (same + other) // 2
            if self._local(middle).utcoffset() == before:
                same = middle
            else:
                other = middle
        return other

    def _local(self, at: Millis) -> datetime:
        return datetime.fromtimestamp(at / 1000, tz=UTC).astimezone(self.zone)


def quiet_hours(rule: Rule) -> Quiet | None:
    """What holds back alerts of the rule; None where nothing does, as of critical ones. Raises Poison where it is no such thing."""
    given = rule["quiet_from"], rule["quiet_to"], rule["quiet_zone"]
    if rule["severity"] == "critical" or given == (None, None, None):
        return None
    try:
        return _parsed(*given)
    except ValueError as error:
        raise Poison("invalid", f"rule {rule['id']}: {error}") from None


@lru_cache(maxsize=10_000)
def _parsed(start: str | None, end: str | None, zone: str | None) -> Quiet:
    if start is None or end is None or zone is None:
        raise ValueError("quiet hours need a beginning, an end and a zone")
    first, last = _of_day(start), _of_day(end)
    if first == last:
        raise ValueError(f"quiet hours from {start} to {end} are none")
    try:
        return Quiet(first, last, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"{zone!r} is no time zone") from error


def _of_day(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 -- a time of day, in a zone that is given beside it
    except ValueError:
        raise ValueError(f"{text!r} is no time of day, which is HH:MM") from None
