"""A publisher that keeps what Kafka would have got: records are encoded and measured as the real one does."""

from collections.abc import Mapping
from typing import Any

from schemas.codec import Codec
from schemas.errors import Poison
from schemas.registry import PinnedIds
from schemas.topics import MAX_RECORD_BYTES, TOPICS


class Published:
    """Takes the place of producers.publisher.Publisher."""

    def __init__(self, *_: object) -> None:
        self._codec = Codec(PinnedIds())
        self.records: list[tuple[str, dict[str, Any]]] = []
        self.flushes = 0

    def publish(self, topic: str, record: Mapping[str, Any]) -> None:
        """Keep it; raises Poison where it does not fit."""
        size = len(self._codec.encode(TOPICS[topic].event, record))
        if size > MAX_RECORD_BYTES:
            raise Poison("oversized", f"{size} bytes encoded, the limit of {topic} is {MAX_RECORD_BYTES}")
        self.records.append((topic, dict(record)))

    def flush(self) -> None:
        """Count it."""
        self.flushes += 1

    def close(self) -> None:
        """Nothing to do."""

    def of(self, topic: str) -> list[dict[str, Any]]:
        """The records of one topic."""
        return [record for name, record in self.records if name == topic]
