"""One partition on its way to its table: what it must commit next, and when it may insert."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from random import SystemRandom

from schemas.errors import Retryable
from schemas.positions import Owed
from sinks.clickhouse.groups import Landed
from sinks.ranges import Positions, Range

_FIRST_WAIT_S = 0.2
_dice = SystemRandom()


@dataclass(frozen=True, slots=True)
class Commit:
    """An offset to commit, with the ranges that are stored with it."""

    offset: int
    ranges: tuple[Owed, ...]


@dataclass(slots=True)
class Lane:
    """The state machine of a partition; `committed` is None until the group has an offset for it.

    cut a range -> store it (commit of its start, with the range) -> insert -> commit its end, and so on. A range is
    inserted only after the group has taken its commit, so an owner that lost the partition never begins one. A range
    that has to be split is stored as its parts, in its place, before any of them is inserted.
    """

    landed: Landed
    partition: int
    positions: Positions
    committed: int | None
    stored: tuple[Owed, ...]
    """Ranges the committed offset carries."""
    opened: bool = False
    """Its table has been compared with the committed offset."""
    opening: "Future[None] | None" = None
    paused: bool = False
    current: Range | None = None
    work: "Future[Sequence[Owed]] | None" = None
    not_before: float = 0.0
    given_up: bool = False
    """The partition was taken away; its insert may still run."""
    _tries: int = 0
    _inserting: int = 0

    @property
    def held_bytes(self) -> int:
        """What its records take in memory, those of its insert included."""
        return self.positions.held_bytes + (self._inserting if self.current is not None else 0)

    @property
    def ready(self) -> bool:
        """Whether it may cut a range, if there is enough for one."""
        return self.opened and self.current is None

    def prepare(self, now: float, *, flush: bool = False) -> bool:
        """Cut the next range if none is on its way; whether it has."""
        if not self.ready:
            return False
        self.current = self.positions.cut(now, flush=flush)
        self._inserting = self.current.records.held if self.current is not None else 0
        return self.current is not None

    def wanted(self) -> Commit | None:
        """The commit it needs now; None if the group has it already."""
        if not self.opened or self.work is not None:
            return None
        if self.current is not None:
            ranges = (self.current.owed, *self.positions.replays)
            wanted = Commit(self.current.start, ranges)
        else:
            end = self.positions.idle_end()
            offset = self.positions.start if end is None else end
            wanted = Commit(offset, tuple(self.positions.replays))
        return None if (wanted.offset, wanted.ranges) == (self.committed, self.stored) else wanted

    def took(self, commit: Commit) -> None:
        """The group has taken this commit."""
        self.committed, self.stored = commit.offset, commit.ranges

    def may_insert(self, now: float) -> bool:
        """Whether its range is stored and it is time to insert it."""
        return (
            self.current is not None
            and self.work is None
            and now >= self.not_before
            and self.stored[:1] == (self.current.owed,)
            and self.committed == self.current.start
        )

    def finish(self, now: float, longest_wait_s: float) -> Retryable | None:
        """Take the result of its insert; the error if it must be tried again. Raises what is not Retryable."""
        work, self.work = self.work, None
        if work is None or self.current is None:
            return None
        try:
            parts = work.result()
        except Retryable as error:
            # Perhaps it was done and only the answer was lost: from now on it is a replay.
            self.current = replace(self.current, replay=True)
            wait = min(longest_wait_s, _FIRST_WAIT_S * 2**self._tries)
            self._tries += 1
            self.not_before = now + wait * (0.5 + _dice.random() / 2)
            return error
        if parts:
            self.positions.split(self.current, parts)
        self._tries = 0
        self.current = None
        return None
