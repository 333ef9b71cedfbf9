"""The numbers of the batched path; defaults are measured or derived, each with its reason."""

from dataclasses import dataclass
from typing import Literal

from schemas.topics import MAX_RECORD_BYTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Times in seconds, sizes in bytes."""

    transaction_timeout_s: float = 15.0
    """A killed owner's open transaction holds back the readers of its outputs for at most this long."""
    settle_s: float = 5.0
    """How long a batch in flight may take to finish when its partition is taken away or the worker stops."""
    session_timeout_s: float = 10.0
    """A worker that is not heard of for this long loses its partitions."""
    heartbeat_s: float = 2.0
    rebalance_timeout_s: float = 30.0
    fetch_bytes: int = 1 << 20
    """Per partition and fetch; batches are sized by this, small record limits per fetch are slow."""
    fetch_wait_s: float = 0.1
    """The broker's long poll; while it waits for one caught-up partition, the others of that broker wait too."""
    gather_bytes: int = 1 << 16
    """A stage whose lanes all linger for long lets the broker gather: it answers once it has so much, or after half of
    that time. Otherwise it answers for all partitions each time that one of them grows."""
    metadata_max_age_s: float = 5.0
    attempts: int = 8
    """How often one batch is tried, each time after finding out that it had not happened."""
    watchdog_s: float = 120.0
    """Without progress on work that is there for this long the worker ends."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where a group without committed offsets starts."""
    compression: Literal["gzip"] | None = None
    """Of what aiokafka can write without further libraries."""
    max_record_bytes: int = MAX_RECORD_BYTES
    max_batch_bytes: int = MAX_RECORD_BYTES + 100_000
    """The largest produce batch per partition; below the broker's `message.max.bytes`."""
    changelog_replication: int = 1
