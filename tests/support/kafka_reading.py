"""Reads whole topics and committed offsets for checks: what a reader of committed records sees, and nothing else."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

PATIENCE_S = 120.0


def read_all(bootstrap: str, topic: str) -> Iterator[Any]:
    """Every committed record of a topic up to its end, partition by partition in order."""
    reader = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "unused",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    try:
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        reader.assign([TopicPartition(topic, number, 0) for number in partitions])
        # Right after its creation a partition may have no leader yet.
        ends = {
            n: _answer(lambda n=n: reader.get_watermark_offsets(TopicPartition(topic, n), timeout=10)[1])  # type: ignore[misc]
            for n in partitions
        }
        left = set(partitions)
        deadline = time.monotonic() + PATIENCE_S
        while left:
            assert time.monotonic() < deadline, f"{topic} could not be read to its end"
            for message in reader.consume(10_000, 0.5):
                if message.error() is None:
                    yield message
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    # An end below the high watermark is the start of a transaction that is still open.
                    if message.offset() >= ends[message.partition()]:
                        left.discard(message.partition())
                else:
                    raise KafkaException(message.error())
    finally:
        reader.close()


def _answer(ask: Callable[[], Any]) -> Any:
    """What the broker says, once it does: it may be starting."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Offsets:
    """Looks at one group's committed offsets on one topic."""

    def __init__(self, bootstrap: str, group: str, topic: str, partitions: int = 4) -> None:
        # read_committed would wait for every transaction that is about to commit an offset.
        self._client = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "isolation.level": "read_uncommitted",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "log_level": 0,
            }
        )
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]

    def committed(self) -> dict[int, int]:
        """By partition; 0 where nothing is committed."""
        found = _answer(lambda: self._client.committed(self._partitions, timeout=10))
        return {tp.partition: max(tp.offset, 0) for tp in found}

    def metadata(self) -> dict[int, str]:
        """The metadata of each committed offset."""
        found = _answer(lambda: self._client.committed(self._partitions, timeout=10))
        return {tp.partition: tp.metadata or "" for tp in found}

    def ends(self) -> dict[int, int]:
        """The end of each partition."""
        return {tp.partition: _answer(lambda tp=tp: self._end(tp)) for tp in self._partitions}  # type: ignore[misc]

    def _end(self, tp: TopicPartition) -> int:
        try:
            end: int = self._client.get_watermark_offsets(tp, timeout=10)[1]
        except KafkaException:
            # librdkafka remembers that it did not know a topic; this makes it ask again.
            self._client.list_topics(tp.topic, timeout=10)
            raise
        return end

    def reached(self) -> bool:
        """Whether every record is behind a committed offset; the marker that ends a transaction is none."""
        committed = self.committed()
        return all(
            committed[number] >= end
            or (committed[number] == end - 1 and not self._is_record(number, end - 1))
            for number, end in self.ends().items()
        )

    def _is_record(self, partition: int, offset: int) -> bool:
        """Whether a record stands there; readers are not shown markers."""
        place = TopicPartition(self._partitions[0].topic, partition, offset)
        self._client.assign([place])
        deadline = time.monotonic() + PATIENCE_S
        try:
            while (message := self._client.poll(0.5)) is None:
                assert time.monotonic() < deadline, f"{place} could not be read"
            return message.error() is None
        finally:
            self._client.unassign()

    def close(self) -> None:
        """Close the client."""
        self._client.close()
