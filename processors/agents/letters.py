"""Where a stage puts the records that it cannot use."""

import structlog

from processors.batching import Batch, Record
from processors.logic.dead_letters import dead_letter
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Millis
from schemas.topics import TOPICS

log = structlog.get_logger()


class Letters:
    """The dead letters of one stage."""

    def __init__(self, stage: str, codec: Codec, topic_prefix: str) -> None:
        self._stage = stage
        self._codec = codec
        self._topic = TOPICS["dead-letters"].full_name(topic_prefix)

    def bury(self, batch: Batch, record: Record, error: Poison, failed_at: Millis) -> None:
        """Send the record's dead letter with the batch, and say so."""
        log.warning(
            "record_refused",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            reason=error.reason,
            detail=error.detail[:300],
        )
        letter = dead_letter(self._stage, record, error, failed_at)
        value = self._codec.encode("dead_letter", letter)
        batch.send(self._topic, letter["origin"].encode(), value, timestamp=failed_at)
