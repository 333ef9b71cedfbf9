"""A stage's handler over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Generic, TypeVar, cast

from processors.batching import Batch, BatchApp
from processors.settings import StageSettings
from schemas.codec import Codec
from schemas.topics import MAX_RECORD_BYTES, TOPICS
from tests.support.desk import Read
from tests.support.stages import CODEC

E = TypeVar("E", bound=Mapping[str, Any])


class MemoryStage(Generic[E]):
    """One partition of a stage that has one handler; what it reads are events `E`.

    `made` registers the stage. It reads `topic`, whose `event`s are keyed by their field `key`; what it sends goes into the lists of
    `into`, by event.
    """

    def __init__(
        self,
        made: Callable[[BatchApp, Any, Codec], object],
        settings: StageSettings,
        *,
        topic: str,
        event: str,
        key: str,
        into: Mapping[str, list[Any]],
    ) -> None:
        self._made = made
        self._settings = settings
        self._topic, self._event, self._key = topic, event, key
        self.letters: list[dict[str, Any]] = []
        self._into = {**into, "dead_letter": self.letters}
        self.offset = 0
        self._runner = asyncio.Runner()
        self._start()

    def _start(self) -> None:
        self._app = BatchApp(id="memory.stage", broker="127.0.0.1:1", partitions=1)
        self._made(self._app, self._settings, CODEC)
        (self._handler,) = self._app.handlers.values()
        self._restore()

    def _restore(self) -> None:
        assert self._handler.restored is not None
        self._handler.restored(0, {table: table.rows(0) for table in self._app.batch_tables})

    def tell(self, *told: E, commit: bool = True) -> None:
        """One batch."""
        self.raw(*((one[self._key].encode(), CODEC.encode(self._event, one)) for one in told), commit=commit)

    def tell_all(self, told: Sequence[E], size: int) -> None:
        """Batches of that size."""
        for at in range(0, len(told), size):
            self.tell(*told[at : at + size])

    def raw(self, *pairs: tuple[bytes | None, bytes | None], commit: bool = True) -> None:
        """One batch of records of bytes as they are."""
        topic = TOPICS[self._topic].full_name(self._settings.topic_prefix)
        batch = Batch(
            handler=self._topic,
            topic=topic,
            partition=0,
            records=[Read(topic, 0, self.offset + number, 0, *pair) for number, pair in enumerate(pairs)],
            start=self.offset,
            end=self.offset + len(pairs),
            caught_up=True,
            max_record_bytes=MAX_RECORD_BYTES,
        )
        self._runner.run(cast("Coroutine[Any, Any, None]", self._handler.handle(batch)))
        if not commit:
            return
        self.offset = batch.end
        for table, writes in batch.writes.items():
            records = list(table.changelog_records(writes))
            for name, value in records:
                # As a lane refuses them; no broker would take them.
                assert len(name) + len(value or b"") <= MAX_RECORD_BYTES, (table.name, len(name))
            # As the changelog would bring them back.
            table.load(0, [Read(table.changelog, 0, 0, 0, *pair) for pair in records])
        assert self._handler.committed is not None
        self._handler.committed(batch)
        for _, _, value, _, _ in batch.outputs:
            assert value is not None
            decoded = CODEC.decode(value)
            self._into[decoded.event].append(decoded.record)

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


def latest(sent: Sequence[E]) -> dict[str, E]:
    """The highest revision by id; the last one sent is the highest."""
    found: dict[str, E] = {}
    for one in sent:
        known = found.get(one["id"])
        assert known is None or known["revision"] < one["revision"]
        found[one["id"]] = one
    return found
