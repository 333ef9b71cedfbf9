"""Lands records as the sink does, without Kafka: each range one insert under its token, through the same code."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.batch import Framer
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.inserting import send
from sinks.ranges import Range
from sinks.records import Records

_IDS = PinnedIds()


@dataclass(frozen=True, slots=True)
class Record:
    """What librdkafka hands over, as far as landing asks."""

    at: int
    payload: bytes

    def offset(self) -> int:
        return self.at

    def value(self) -> bytes:
        return self.payload

    def key(self) -> bytes:
        return b"k"

    def timestamp(self) -> tuple[int, int]:
        return 1, 0


def land(
    client: Client, topic: str, records: Sequence[Mapping[str, Any]], partition: int = 0, first: int = 0
) -> Range:
    """Insert the records at the offsets from `first` on; the range they are."""
    # An id of its own: what is landed twice is no replay here.
    landed = Landed(topic, topic, uuid.uuid4().hex, TOPICS[topic].event, LANDED[topic])
    codec = Codec(_IDS)
    framer = Framer(_IDS)
    cut = Range(
        first,
        first + len(records),
        Records.of(
            [Record(first + at, codec.encode(landed.event, dict(one))) for at, one in enumerate(records)]
        ),
        replay=False,
    )
    for insert in framer.frame(landed, partition, cut, framer.sort(landed, cut)):
        send(client, insert, landed.table)
    return cut
