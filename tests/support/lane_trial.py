"""One trial of the lanes: workers that count, what disturbs them, and the comparison with the truth."""

import dataclasses
import random
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Producer

from tests.support.crew import Crew
from tests.support.kafka_reading import Offsets, read_all
from tests.support.topics import make_topics


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What differs from the truth; all zero is exactly once."""

    records: int
    wrong_counts: int
    missing: int
    twice: int
    wrong_values: int

    @property
    def exact(self) -> bool:
        """Whether nothing differs."""
        return self.wrong_counts == self.missing == self.twice == self.wrong_values == 0


class Trial(Crew):
    """A source topic, an output topic and the workers of one group that counts."""

    def __init__(self, bootstrap: str, folder: Path, partitions: int = 4, **options: Any) -> None:
        name = f"lanes-{uuid.uuid4().hex[:8]}"
        group = f"{name}.count"
        self.source = f"{name}.source"
        self.out = f"{name}.out"
        asked = {
            "id": group,
            "broker": bootstrap,
            "source": self.source,
            "out": self.out,
            "partitions": partitions,
            "flags": str(folder),
            **options,
        }
        make_topics(bootstrap, self.source, self.out, partitions=partitions)
        offsets = Offsets(bootstrap, group, self.source, partitions)
        words = ["tests.support.counting_stage", orjson.dumps(asked).decode()]
        super().__init__(bootstrap, folder, group, offsets, words)

    def fill(self, count: int, keys: int = 500) -> None:
        """Put `count` records of random keys into the source."""
        producer = Producer(
            {"bootstrap.servers": self.bootstrap, "linger.ms": 20, "partitioner": "murmur2_random"}
        )
        for _ in range(count):
            while True:
                try:
                    producer.produce(self.source, b"x" * 60, key=b"k%d" % random.randrange(keys))
                    break
                except BufferError:
                    producer.poll(0.05)
        assert producer.flush(30) == 0

    def verdict(self) -> Verdict:
        """Compare table and outputs, as a reader of committed records sees them, with the source."""
        truth: Counter[str] = Counter()
        expected: dict[tuple[int, int], int] = {}
        for message in read_all(self.bootstrap, self.source):
            key = message.key().decode()
            truth[key] += 1
            expected[message.partition(), message.offset()] = truth[key]
        table: dict[str, int] = {}
        for message in read_all(self.bootstrap, f"{self.group}-counts-changelog"):
            table[message.key().decode()] = orjson.loads(message.value())
        seen: Counter[tuple[int, int]] = Counter()
        wrong_values = 0
        for message in read_all(self.bootstrap, self.out):
            partition, offset, count = map(int, message.value().split(b":"))
            seen[partition, offset] += 1
            wrong_values += expected[partition, offset] != count
        return Verdict(
            records=len(expected),
            wrong_counts=sum(table.get(key) != count for key, count in truth.items()),
            missing=len(expected.keys() - seen.keys()),
            twice=sum(times - 1 for times in seen.values()),
            wrong_values=wrong_values,
        )
