"""Back-pressure: partitions are paused while too much of theirs waits, or of all in sum; polling goes on either way."""

from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

from sinks.clickhouse import telemetry
from sinks.clickhouse.lane import Lane
from sinks.ranges import Limits

_RESUMED_BELOW = 0.75


class Pressure:
    """Bounds what is held: a batch of each partition beside the one that is inserted, and `most_held` bytes in sum."""

    def __init__(self, limits: Limits, most_held: int) -> None:
        self._limits = limits
        self._most_held = most_held
        self._held = 0

    @property
    def full(self) -> bool:
        """Whether nothing is read any more, so that waiting for more is in vain."""
        return self._held >= self._most_held

    def regulate(self, consumer: Consumer, lanes: Iterable[Lane]) -> None:
        """Pause and resume."""
        known = list(lanes)
        self._held = sum(lane.held_bytes for lane in known)
        telemetry.HELD.set(self._held)
        for lane in known:
            at = lane.positions
            place = TopicPartition(lane.landed.full_name, lane.partition)
            waiting = max(at.buffered / self._limits.rows, at.buffered_bytes / self._limits.size)
            # A replayed range must be read to its end, however long it is.
            if not lane.paused and not at.must_read and (waiting >= 1 or self.full):
                consumer.pause([place])
                lane.paused = True
            elif lane.paused and waiting < 1 and self._held < self._most_held * _RESUMED_BELOW:
                consumer.resume([place])
                lane.paused = False
        telemetry.PAUSED.set(sum(lane.paused for lane in known))
