"""The handler of `topics` over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, cast

from processors.agents.topics import Topics
from processors.batching import Batch, BatchApp
from processors.settings import TopicsSettings
from schemas.events import Assignment, Story, Topic
from schemas.topics import TOPICS
from tests.support.alerting import Read
from tests.support.stages import CODEC


class Clusterer:
    """The one partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self._given = settings
        self.topics: list[Topic] = []
        self.assignments: list[Assignment] = []
        self.letters: list[dict[str, Any]] = []
        self.offset = 0
        self._runner = asyncio.Runner()
        self._start()

    def _start(self) -> None:
        self._settings = TopicsSettings(**self._given)
        self._app = BatchApp(id="clusterer.topics", broker="127.0.0.1:1", partitions=1)
        Topics(self._app, self._settings, CODEC)
        (self._handler,) = self._app.handlers.values()
        self._restore()

    def _restore(self) -> None:
        assert self._handler.restored is not None
        self._handler.restored(0, {table: table.rows(0) for table in self._app.batch_tables})

    def tell(self, *told: Story, commit: bool = True) -> None:
        """One batch."""
        self.raw(*((one["id"].encode(), CODEC.encode("story", one)) for one in told), commit=commit)

    def tell_all(self, told: Sequence[Story], size: int) -> None:
        """Batches of that size."""
        for at in range(0, len(told), size):
            self.tell(*told[at : at + size])

    def raw(self, *pairs: tuple[bytes | None, bytes | None], commit: bool = True) -> None:
        """One batch of records of bytes as they are."""
        topic = TOPICS["stories"].full_name(self._settings.topic_prefix)
        batch = Batch(
            handler="stories",
            topic=topic,
            partition=0,
            records=[Read(topic, 0, self.offset + number, 0, *pair) for number, pair in enumerate(pairs)],
            start=self.offset,
            end=self.offset + len(pairs),
            caught_up=True,
            max_record_bytes=1_000_000,
        )
        self._runner.run(cast("Coroutine[Any, Any, None]", self._handler.handle(batch)))
        if not commit:
            return
        self.offset = batch.end
        for table, writes in batch.writes.items():
            # As the changelog would bring them back.
            table.load(0, [Read(table.changelog, 0, 0, 0, *pair) for pair in table.changelog_records(writes)])
        assert self._handler.committed is not None
        self._handler.committed(batch)
        into: dict[str, list[Any]] = {
            "topic": self.topics,
            "assignment": self.assignments,
            "dead_letter": self.letters,
        }
        for _, _, value, _, _ in batch.outputs:
            assert value is not None
            decoded = CODEC.decode(value)
            into[decoded.event].append(decoded.record)

    def crash(self) -> None:
        """Lose all memory and come back from what the changelogs hold, in whatever order compaction has left it."""
        logs = {table.name: table.changelog_records(table.rows(0)) for table in self._app.batch_tables}
        self._start()
        for table in self._app.batch_tables:
            pairs = sorted(logs[table.name], reverse=True)
            table.load(0, [Read(table.changelog, 0, n, 0, *pair) for n, pair in enumerate(pairs)])
        self._restore()

    def rows(self, name: str) -> Mapping[str, Any]:
        """The committed rows of a table."""
        return next(table for table in self._app.batch_tables if table.name == name).rows(0)

    def latest(self) -> dict[str, Topic]:
        """The highest revision of every topic; the last one sent is the highest."""
        found: dict[str, Topic] = {}
        for topic in self.topics:
            known = found.get(topic["id"])
            assert known is None or known["revision"] < topic["revision"]
            found[topic["id"]] = topic
        return found

    def belonging(self) -> dict[str, str]:
        """Topic by story; the last assignment sent is the highest."""
        known: dict[str, Assignment] = {}
        for one in self.assignments:
            assert one["story_id"] not in known or known[one["story_id"]]["revision"] < one["revision"]
            known[one["story_id"]] = one
        return {story: one["topic_id"] for story, one in known.items()}
