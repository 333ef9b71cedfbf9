"""Dead letters of the sinks: what cannot land is published with its origin and its bytes."""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import KafkaException, Producer

from schemas.clients import producer_config
from schemas.codec import Codec, schema_id_of
from schemas.errors import Poison, Retryable
from schemas.registry import schema_ids
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS
from sinks.records import Record

log = structlog.get_logger()

RAW_LIMIT = 900_000
"""Bytes of a record that a dead letter carries."""
_FLUSH_S = 30
ENRICHED = "posts"
"""The topic whose bad records `enrich` reports: its receipts count them, so nobody else may."""


class DeadLetters:
    """Publishes dead letters; a range that is replayed publishes the same ids again."""

    def __init__(self, settings: KafkaSettings, stage: str) -> None:
        self._stage = stage
        self._topic = TOPICS["dead-letters"].full_name(settings.topic_prefix)
        self._producer = Producer(producer_config(settings, f"{stage}-dead-letters"))
        self._codec = Codec(schema_ids(settings))

    def publish(self, name: str, topic: str, partition: int, bad: Sequence[tuple[Record, Poison]]) -> None:
        """Publish and wait until they are stored; raises Retryable where they are not."""
        for record, error in bad:
            log.warning(
                "record_refused",
                topic=topic,
                partition=partition,
                offset=record.offset,
                reason=error.reason,
                detail=error.detail,
            )
        if name == ENRICHED:
            return
        failures: list[str] = []
        for record, error in bad:
            letter = self._letter(topic, partition, record, error)
            self._producer.produce(
                self._topic,
                key=letter["origin"].encode(),
                value=self._codec.encode("dead_letter", letter),
                timestamp=letter["failed_at"],
                on_delivery=lambda failure, _: failures.append(str(failure)) if failure else None,
            )
        try:
            waiting = self._producer.flush(_FLUSH_S)
        except KafkaException as error:
            raise Retryable(f"dead letters were not stored: {error}") from error
        if waiting or failures:
            raise Retryable(f"dead letters were not stored: {failures[:3] or 'no answer'}")

    def _letter(self, topic: str, partition: int, record: Record, error: Poison) -> dict[str, Any]:
        raw = record.value or b""
        origin = f"{topic}:{partition}:{record.offset}"
        try:
            schema_id = schema_id_of(raw)
        except Poison:
            schema_id = None
        return {
            "id": f"{self._stage}:{origin}:{error.reason}",
            "origin": origin,
            "origin_topic": topic,
            "origin_partition": partition,
            "origin_offset": record.offset,
            "stage": self._stage,
            "reason": error.reason,
            "detail": error.detail[:2000],
            "schema_id": schema_id if schema_id is None or schema_id < 1 << 31 else None,
            "key": record.key,
            "raw": raw[:RAW_LIMIT],
            "raw_size": len(raw),
            "failed_at": time.time_ns() // 1_000_000,
        }
