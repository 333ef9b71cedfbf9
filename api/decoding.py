"""From a Kafka record to the event of its topic."""

from typing import Any

import structlog
from aiokafka import ConsumerRecord

from schemas.codec import Codec
from schemas.errors import Poison
from schemas.topics import TOPICS

log = structlog.get_logger()


def event_of(codec: Codec, topic: str, record: ConsumerRecord) -> dict[str, Any] | None:
    """The event in a record of `topic`; None for a tombstone, and, with a log line, for what is no such event."""
    if record.value is None:
        return None
    try:
        found = codec.decode(record.value)
    except Poison as error:
        detail = error.detail
    else:
        if found.event == TOPICS[topic].event:
            return found.record
        detail = f"it is a {found.event}"
    log.error(
        "undecodable_live", topic=topic, partition=record.partition, offset=record.offset, detail=detail
    )
    return None
