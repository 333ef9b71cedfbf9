"""Dead letters: what could not be used, with all that is needed to try again."""

from hashlib import blake2b

from processors.record import Record
from schemas.codec import schema_id_of
from schemas.errors import Poison
from schemas.events import DeadLetter, Millis
from schemas.topics import MAX_POST_BYTES


def dead_letter(stage: str, record: Record, error: Poison, failed_at: Millis) -> DeadLetter:
    """The dead letter of one record; its id is a function of where the record stood, who refused it and why."""
    origin = f"{record.topic}:{record.partition}:{record.offset}"
    raw = record.value or b""
    return {
        "id": blake2b(f"{origin}|{stage}|{error.reason}".encode(), digest_size=16).hexdigest(),
        "origin": origin,
        "origin_topic": record.topic,
        "origin_partition": record.partition,
        "origin_offset": record.offset,
        "stage": stage,
        "reason": error.reason,
        "detail": error.detail[:2_000],
        "schema_id": _schema_id(raw),
        "key": record.key,
        "raw": raw[:MAX_POST_BYTES],
        "raw_size": len(raw),
        "failed_at": failed_at,
    }


def _schema_id(raw: bytes) -> int | None:
    try:
        schema_id = schema_id_of(raw)
    except Poison:
        return None
    # The event's field is a signed 32-bit int; garbage behind a zero byte may claim more.
    return schema_id if schema_id <= 0x7FFFFFFF else None  # noqa: PLR2004 -- the largest Avro int
