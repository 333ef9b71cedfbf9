"""What a collector is, and what it hands to the runner."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, NamedTuple, Protocol, runtime_checkable

from schemas.errors import Poison, Retryable


class Item(NamedTuple):
    """A record for `topic` (a name of the catalogue).

    `origin` and `raw` say where it came from and as which bytes: they go into the dead letter if the record
    turns out to be too large or not to fit its schema.
    """

    topic: str
    record: Mapping[str, Any]
    origin: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something read that cannot become a record; `raw` may be cut, `raw_size` is the whole."""

    origin: str
    raw: bytes
    raw_size: int
    why: Poison


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a collector stands: `value` is its own JSON, `source` the checkpoint it is stored under."""

    source: str
    value: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read in one go. Cursors are stored once every item is acknowledged, never before.

    Not every cursor is stored, but the last ones of a run are, and those of a batch without items are at once.
    `remark` is what the run says though it did not fail, `quota_left` what the source still allows, `seen` how many items were
    there that are published by nobody, since they only show that something answers.
    """

    items: Sequence[Item | Refused]
    cursors: Sequence[Cursor] = ()
    remark: str | None = None
    quota_left: int | None = None
    seen: int = 0


class Lasting(Retryable):
    """Fails until somebody mends it: an address that is gone, access that is refused. It is tried again seldom.

    `denied` says that credentials were refused: such a run has the outcome `auth`.
    """

    def __init__(self, message: str, *, denied: bool = False) -> None:
        super().__init__(message)
        self.denied = denied


class Collector(Protocol):
    """Reads one part of the outside world; knows nothing of Kafka.

    For each source the runner calls `collect`, then `next_run_s`, and so on. Runs over different sources may overlap,
    each in a thread of its own; all other calls come from one thread.
    """

    @property
    def name(self) -> str:
        """Its name in the registry, in `Run` and in the checkpoints."""
        ...

    @property
    def parallel(self) -> int:
        """How many sources may be read at once."""
        ...

    @property
    def timeout_s(self) -> float | None:
        """Seconds a run may take before it is told to stop, and left alone where it does not; None: any time."""
        ...

    def sources(self) -> Sequence[str]:
        """What it reads, as named in `Run`: at least one."""
        ...

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """One run over `source`; ends when there is nothing more for now, and soon after `stop` is set.

        `cursors` are this collector's stored cursors by checkpoint source, as they were when the run began. Goes on
        after a batch once that is acknowledged. May block in the outside world, but waits only on `stop`, which is
        this run's own. Raises Retryable, Lasting or Backpressure where the run should be tried again from the stored
        cursor, Fatal where that is hopeless; an item at fault is a `Refused`, not an exception.
        """
        ...

    def next_run_s(self, source: str) -> float | None:
        """Seconds to wait before the next run over `source`; None when it is finished for good."""
        ...

    def check(self) -> str:
        """One line that says what it would read; raises Fatal naming what is missing."""
        ...

    def reach(self, patience_s: float) -> str:
        """One line that says what of it answers, within about `patience_s`; raises Retryable where nothing does."""
        ...


@runtime_checkable
class Holding(Protocol):
    """A collector that holds something from its first run to its last: a socket, a thread."""

    def close(self) -> None:
        """Let go of it. Called once, after the last run, or while one that was left alone still hangs; waits a bounded time."""
        ...
