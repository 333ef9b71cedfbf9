"""What a collector is, and what it hands to the runner."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, NamedTuple, Protocol

from schemas.errors import Poison


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
    """

    items: Sequence[Item | Refused]
    cursors: Sequence[Cursor] = ()


class Collector(Protocol):
    """Reads one part of the outside world; knows nothing of Kafka.

    The runner calls from one thread: for each source `collect`, then `next_run_s`, and so on.
    """

    @property
    def name(self) -> str:
        """Its name in the registry, in `Run` and in the checkpoints."""
        ...

    def sources(self) -> Sequence[str]:
        """What it reads, as named in `Run`: at least one."""
        ...

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """One run over `source`; ends when there is nothing more for now, and soon after `stop` is set.

        `cursors` are this collector's stored cursors by checkpoint source. May block in the outside world, but
        waits only on `stop`. Raises Retryable or Backpressure where the run should be tried again from the
        stored cursor, Fatal where that is hopeless; an item at fault is a `Refused`, not an exception.
        """
        ...

    def next_run_s(self, source: str) -> float | None:
        """Seconds to wait before the next run over `source`; None when it is finished for good."""
        ...

    def check(self) -> str:
        """One line that says what it would read; raises Fatal naming what is missing."""
        ...
