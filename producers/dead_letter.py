"""Dead letters of collectors: what was read and cannot be used, with where it stood and its bytes."""

import hashlib

from producers.base import Refused
from producers.clock import now_ms
from schemas.events import DeadLetter
from schemas.topics import MAX_POST_BYTES

RAW_BYTES = MAX_POST_BYTES
"""Bytes of the original that a dead letter keeps: any line that could have been a post fits whole."""

_DETAIL_CHARACTERS = 500


def dead_letter(refused: Refused, stage: str) -> DeadLetter:
    """The dead letter of `refused`; the same bytes at the same origin, refused alike, have the same id."""
    raw = refused.raw[:RAW_BYTES]
    identity = hashlib.sha256(f"{stage}\0{refused.origin}\0{refused.why.reason}\0".encode())
    identity.update(raw)
    return DeadLetter(
        id=identity.hexdigest()[:32],
        origin=refused.origin,
        origin_topic=None,
        origin_partition=None,
        origin_offset=None,
        stage=stage,
        reason=refused.why.reason,
        detail=refused.why.detail[:_DETAIL_CHARACTERS],
        schema_id=None,
        key=None,
        raw=raw,
        raw_size=refused.raw_size,
        failed_at=now_ms(),
    )
