"""One trial of the lanes: workers that count, what disturbs them, and the comparison with the truth."""

import dataclasses
import os
import random
import signal
import subprocess
import uuid
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson
import psutil
from confluent_kafka import ConsumerGroupState, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from tests.support import rooms
from tests.support.kafka_reading import Offsets, read_all
from tests.support.rooms import Room
from tests.support.topics import make_topics
from tests.support.until import until


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


class Trial:
    """A source topic, an output topic and the workers of one group; a context manager that leaves none behind."""

    def __init__(self, bootstrap: str, folder: Path, partitions: int = 4, **options: Any) -> None:
        name = f"lanes-{uuid.uuid4().hex[:8]}"
        self.group = f"{name}.count"
        self.source = f"{name}.source"
        self.out = f"{name}.out"
        self._bootstrap = bootstrap
        self._folder = folder
        self._options = {
            "id": self.group,
            "broker": bootstrap,
            "source": self.source,
            "out": self.out,
            "partitions": partitions,
            "flags": str(folder),
            **options,
        }
        self.workers: list[Room] = []
        self.exits: list[int] = []
        make_topics(bootstrap, self.source, self.out, partitions=partitions)
        self.offsets = Offsets(bootstrap, self.group, self.source, partitions)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()
        self.offsets.close()

    def fill(self, count: int, keys: int = 500) -> None:
        """Put `count` records of random keys into the source."""
        producer = Producer(
            {"bootstrap.servers": self._bootstrap, "linger.ms": 20, "partitioner": "murmur2_random"}
        )
        for _ in range(count):
            while True:
                try:
                    producer.produce(self.source, b"x" * 60, key=b"k%d" % random.randrange(keys))
                    break
                except BufferError:
                    producer.poll(0.05)
        assert producer.flush(30) == 0

    def start(self, position: int | None = None) -> Room:
        """Start a worker, in place of the one at `position` if given."""
        words = ["tests.support.counting_stage", orjson.dumps(self._options).decode()]
        with (self._folder / f"{self.group}.log").open("ab") as log:
            worker = rooms.start(words, os.environ, log.fileno(), log.fileno())
        if position is None:
            self.workers.append(worker)
        else:
            self.workers[position] = worker
        return worker

    def revive(self) -> None:
        """Restart what has ended by itself, as the supervisor would."""
        for position, worker in enumerate(self.workers):
            if (status := worker.poll()) is not None:
                self.exits.append(status)
                self.start(position)

    def kill(self, position: int) -> None:
        """SIGKILL one worker and start it again."""
        self.workers[position].kill()
        self.workers[position].wait()
        self.start(position)

    def shared_out(self) -> None:
        """Wait until every worker holds partitions."""
        admin = AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 0})

        def all_hold() -> bool:
            self.revive()
            try:
                group = admin.describe_consumer_groups([self.group])[self.group].result(30)
            except (KafkaException, TimeoutError):  # the coordinator is still loading
                return False
            holding = [member for member in group.members if member.assignment.topic_partitions]
            return len(holding) == len(self.workers) and group.state == ConsumerGroupState.STABLE

        until(all_hold, "every worker holds partitions")

    def stop(self, position: int, patience_s: float = 10) -> int:
        """SIGTERM one worker; its exit code. A worker that does not end in time is killed and fails the test."""
        worker = self.workers[position]
        worker.terminate()
        try:
            return worker.wait(patience_s)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
            raise AssertionError(f"SIGTERM took more than {patience_s} s") from None

    def freeze(self, position: int) -> None:
        """SIGSTOP one worker for good."""
        self.workers[position].send_signal(signal.SIGSTOP)

    def freeze_until_replaced(self, position: int) -> None:
        """Stop one worker right before a commit until the others got on with all partitions, then let it go on."""
        worker = psutil.Process(self.workers[position].pid)
        (self._folder / f"{worker.pid}.freeze").touch()
        until(lambda: worker.status() == psutil.STATUS_STOPPED, "a worker stops itself before a commit")
        try:
            before, ends = self.offsets.committed(), self.offsets.ends()
            until(
                lambda: all(
                    now > before[number] or now >= ends[number] for number, now in self.committed().items()
                ),
                "the others take over from a frozen worker",
            )
        finally:
            worker.resume()

    def committed(self) -> dict[int, int]:
        """The group's offsets; revives workers that ended."""
        self.revive()
        return self.offsets.committed()

    def progress(self, records: int, patience_s: float = 60) -> None:
        """Wait until so many more records are committed, or all are."""
        start = sum(self.committed().values())
        goal = min(start + records, sum(self.offsets.ends().values()))
        until(lambda: sum(self.committed().values()) >= goal, f"{records} more records committed", patience_s)

    def finish(self, patience_s: float = 90) -> None:
        """Wait until everything is committed."""
        ends = self.offsets.ends()
        until(lambda: self.committed() == ends, f"all of {ends} committed", patience_s)

    def verdict(self) -> Verdict:
        """Compare table and outputs, as a reader of committed records sees them, with the source."""
        truth: Counter[str] = Counter()
        expected: dict[tuple[int, int], int] = {}
        for message in read_all(self._bootstrap, self.source):
            key = message.key().decode()
            truth[key] += 1
            expected[message.partition(), message.offset()] = truth[key]
        table: dict[str, int] = {}
        for message in read_all(self._bootstrap, f"{self.group}-counts-changelog"):
            table[message.key().decode()] = orjson.loads(message.value())
        seen: Counter[tuple[int, int]] = Counter()
        wrong_values = 0
        for message in read_all(self._bootstrap, self.out):
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
