"""What became of what was collected: receipts, dead letters, runs, checkpoints."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from schemas.events.kinds import Millis


class Count(TypedDict):
    """How many records of one source and hour had one outcome."""

    source: str
    hour: Millis
    outcome: Literal["mention", "repeat", "dead_letter"]
    count: int


class Receipt(TypedDict):
    """What became of one range of offsets of posts."""

    id: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    mentions: int
    repeats: int
    dead_letters: int
    counts: Sequence[Count]
    repeat_offsets: Sequence[int]
    enriched_at: Millis


class DeadLetter(TypedDict):
    """A record that could not be used, with all that is needed to try again."""

    id: str
    origin: str
    origin_topic: str | None
    origin_partition: int | None
    origin_offset: int | None
    stage: str
    reason: str
    detail: str
    schema_id: int | None
    key: bytes | None
    raw: bytes
    raw_size: int
    failed_at: Millis


class Run(TypedDict):
    """One run of a collector and how it ended."""

    id: str
    collector: str
    source: str
    started_at: Millis
    ended_at: Millis
    outcome: Literal["ok", "empty", "throttled", "auth", "error"]
    items: int
    published: int
    oldest_item_at: Millis | None
    newest_item_at: Millis | None
    quota_left: int | None
    error: str | None
    request_id: str | None


class Checkpoint(TypedDict):
    """Where a collector stands; control state."""

    collector: str
    source: str
    cursor: str
    updated_at: Millis
