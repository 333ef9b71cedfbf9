"""What a lane does next: run a batch, tick, commit a bare advance, or wait. Pure, so that time can be tested."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from aiokafka import TopicPartition

from processors.record import Record

ADVANCE_S = 0.25
"""A position that moved past markers only is committed after this long, so that others see the lane is done."""


@dataclass(slots=True)
class Input:
    """One input partition of a lane: `committed` ≤ `base` ≤ `cursor`; the buffer holds what lies from base to cursor."""

    tp: TopicPartition
    base: int
    cursor: int
    at_end: bool = False
    stable_end: int = 0
    """The last stable offset as the latest fetch knew it."""
    buffer: list[Record] = field(default_factory=list)
    since: float = 0.0
    """When the oldest of what is waiting here came (monotonic seconds)."""
    taken_at: float = -inf
    """When its last batch was taken (monotonic seconds)."""

    def accept(self, records: list[Record] | tuple[Record, ...], end: int, at_end: bool, now: float) -> None:
        """Take over what was admitted; `end` is the new cursor."""
        bare_before = not self.buffer
        if (self.base == self.cursor and end > self.cursor) or (records and bare_before):
            self.since = now
        self.buffer.extend(records)
        self.cursor = end
        self.at_end = at_end

    def take(self, limit: int, now: float) -> tuple[list[Record], int, int, bool]:
        """At most `limit` records with their range [start, end), and whether nothing was left behind them."""
        start = self.base
        self.taken_at = now
        if len(self.buffer) <= limit:
            records, self.buffer = self.buffer, []
            self.base = self.cursor
            return records, start, self.cursor, self.at_end
        records, self.buffer = self.buffer[:limit], self.buffer[limit:]
        self.base = records[-1].offset + 1
        self.since = now
        return records, start, self.base, False


@dataclass(frozen=True, slots=True)
class Run:
    """Run a batch of this input."""

    input: Input


@dataclass(frozen=True, slots=True)
class Advance:
    """Commit the position of this input without calling the handler."""

    input: Input


@dataclass(frozen=True, slots=True)
class Tick:
    """Call the handler with an empty batch."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due for so many seconds (None: until something comes)."""

    seconds: float | None


Step = Run | Advance | Tick | Wait


def next_step(
    inputs: Iterable[Input],
    now: float,
    *,
    linger_s: float,
    max_records: int,
    tick_at: float | None,
) -> Step:
    """The step that is due longest.

    A batch is due at once where the lane is behind or it is full, and otherwise `linger_s` after the one before it: what comes
    after a silence waits for nothing.
    """
    steps: list[tuple[float, int, Step]] = []
    quiet = True
    for position, waiting in enumerate(inputs):
        if waiting.buffer:
            quiet = False
            full = len(waiting.buffer) >= max_records or not waiting.at_end
            due = waiting.since if full else max(waiting.since, waiting.taken_at + linger_s)
            steps.append((due, position, Run(waiting)))
        elif waiting.cursor > waiting.base:
            steps.append((waiting.since + ADVANCE_S, position, Advance(waiting)))
    if quiet and tick_at is not None:
        steps.append((tick_at, len(steps), Tick()))
    if not steps:
        return Wait(None)
    due, _, step = min(steps, key=lambda entry: entry[:2])
    return step if due <= now else Wait(due - now)
