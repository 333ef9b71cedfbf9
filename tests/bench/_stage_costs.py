"""What each stage takes on one worker that starts behind all its input, and how long it needs to come back with its rows."""

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from schemas.flow import step
from schemas.topics import TOPICS
from tests.bench._measuring import Taken, measured
from tests.bench.report import Row
from tests.support.broker import OwnBroker
from tests.support.kafka_reading import Offsets
from tests.support.stages import Feed, Workers
from tests.support.topics import create_topics
from tests.support.until import until

Record = tuple[bytes, bytes, int]
"""Key, value and timestamp."""


class Flow:
    """The topics of one prefix, which stages fill one after the other; a context manager that leaves no worker behind."""

    def __init__(self, broker: OwnBroker, prefix: str, folder: Path) -> None:
        self._where = broker.bootstrap, prefix
        self._folder = folder / prefix.rstrip(".")
        self._folder.mkdir()
        self._opened = ExitStack()
        create_topics(*self._where)
        self.feed = Feed(*self._where)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def put(self, topic: str, records: Iterable[Record]) -> None:
        """Write to an input."""
        for key, value, timestamp in records:
            self.feed.raw(topic, key, value, timestamp=timestamp)
        self.feed.flush()

    def run(self, stage: str, topic: str, **settings: Any) -> "Finished":
        """Let a new worker of the stage take all of its input `topic`, until it owes nothing."""
        group = step(stage).group(self._where[1])
        offsets = Offsets(self._where[0], group, self._where[1] + topic, TOPICS[topic].partitions(4))
        self._opened.callback(offsets.close)
        total = sum(offsets.ends().values())
        # One after the other: what is measured has the machine for itself.
        with Workers(*self._where, stage, self._folder, log_json="true", **settings) as workers:
            workers.start()

            def done() -> int:
                return sum(offsets.committed().values())

            def settled() -> bool:
                workers.settled(300)
                return True

            taken = measured(workers.processes[0].pid, done, total, warm=total // 20, settled=settled)
            sent = sum(
                sum(self._ends(name).values()) for name in step(stage).outputs if name != "dead-letters"
            )
            workers.kill_one()
            workers.start()
            # What it came back with is in its log once it is there.
            restored = self._restored(stage, workers)
        return Finished(taken, sent * taken.events // total, *restored)

    def _ends(self, topic: str) -> dict[int, int]:
        offsets = Offsets(*self._where, self._where[1] + topic, TOPICS[topic].partitions(4))
        try:
            return offsets.ends()
        finally:
            offsets.close()

    def _restored(self, stage: str, workers: Workers) -> tuple[int, float]:
        """(changelog records, seconds) of the second start."""
        log = self._folder / f"{stage}.log"

        def ready() -> list[Mapping[str, Any]]:
            return [line for line in _lines(log) if line.get("event") == "lanes_ready"]

        until(lambda: len(ready()) > 1, f"{stage} is back")
        counts = [line["records"] for line in _lines(log) if line.get("event") == "rows_restored"]
        return counts[-1] if counts else 0, float(ready()[-1]["restore_s"])


class Finished:
    """What a stage took, how much it sent for the events that were measured, and what it came back with after a kill."""

    def __init__(self, taken: Taken, sent: int, restored: int, restore_s: float) -> None:
        self.taken = taken
        self.sent = sent
        self.restored = restored
        self.restore_s = restore_s

    def rows(self, name: str) -> list[Row]:
        """As rows."""
        rows = self.taken.rows(name)
        rows.append(Row(name, "sent", self.sent, "records"))
        # Where events share no windows each makes several records: what one record takes, read or sent, tells whether state costs.
        through = self.taken.events + self.sent
        rows.append(Row(name, "cpu_per_event_read_or_sent", 1e6 * self.taken.cpu_s / through, "µs"))
        if self.restored:
            rows.append(Row(name, "restored", self.restored, "changelog records"))
            rows.append(Row(name, "restore", self.restore_s, "s"))
        return rows


def _lines(log: Path) -> list[Mapping[str, Any]]:
    lines = log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]
