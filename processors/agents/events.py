"""The event that a record must hold."""

from typing import Any

from processors.batching import Record
from schemas.codec import Codec
from schemas.errors import Poison


def event_in(codec: Codec, record: Record, event: str) -> dict[str, Any]:
    """The record's event; raises Poison for anything but one whole `event`."""
    if record.value is None:
        raise Poison("undecodable", "a record without a value")
    decoded = codec.decode(record.value)
    if decoded.event != event:
        raise Poison("invalid", f"schema id {decoded.schema_id} is that of a {decoded.event}")
    return decoded.record
