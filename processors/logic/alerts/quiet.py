"""Quiet hours of a rule: hours of a clock in some zone, asked of event times, so that a replay keeps them as the events did."""

from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import Poison
from schemas.events import Millis, Rule


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
        now = self._local(at)
        day = now.date() if now.time() < self.end else now.date() + timedelta(days=1)
        return int(datetime.combine(day, self.end, self.zone).timestamp() * 1000)

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
