"""A handler: which topics it reads, what it does with a batch, and what it is told around it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from processors.batching.batch import Batch
from processors.batching.table import BatchTable

Handle = Callable[[Batch], Awaitable[None]]
Restored = Callable[[int, Mapping[BatchTable, Mapping[str, Any]]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handler:
    """One lane per partition number runs `handle` on one batch after the other.

    `handle` may raise anything: the process then ends and its successor starts from what was committed. It runs
    with no transaction open, is never cancelled, and may be called again with the same records by whoever has the
    partition next, so it changes nothing but its batch; memory derived from rows belongs into `committed`. All topics of a handler have the same number of partitions.
    """

    name: str
    topics: tuple[str, ...]
    handle: Handle
    linger_s: float = 0.03
    """How long a lane that is not behind lets pass between two batches of an input, so that what comes meanwhile is one."""
    max_records: int = 5_000
    """The most records of one batch."""
    tick_s: float | None = None
    """After this long without a batch `handle` gets an empty one; it commits only if it had effects or changed
    `pending`."""
    restored: Restored | None = None
    """Called with the partition and its rows by table, before the first batch after every assignment."""
    committed: Callable[[Batch], None] | None = None
    """Called right after a batch has committed, in one go with the change of the rows."""
    revoked: Callable[[int], None] | None = None
    """Called when the partition is taken away (it may come back at once)."""

    def __post_init__(self) -> None:
        """Refuse what could not work."""
        if not self.topics:
            raise ValueError(f"handler {self.name} reads no topic")
        if self.max_records < 1 or self.linger_s < 0 or (self.tick_s is not None and self.tick_s <= 0):
            raise ValueError(f"handler {self.name}: max_records, linger_s and tick_s must be positive")
