"""The handler of `alerts` over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson

from processors.agents.alerts import Alerts
from processors.batching import Batch, BatchApp
from processors.logic.alerts.rules import RuleBook
from processors.settings import AlertsSettings
from schemas.events import Alert, Bar, Rule, Run, Topic, Trend
from schemas.topics import TOPICS
from tests.support.stages import CODEC


@dataclass(frozen=True, slots=True)
class Read:
    """A record as it was read."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Desk:
    """One partition of the stage."""

    def __init__(self, rules: Iterable[Rule], **settings: Any) -> None:
        self.book = RuleBook()
        for one in rules:
            self.book.put(one["id"], one)
        self._given = settings
        self.alerts: list[Alert] = []
        self.letters: list[dict[str, Any]] = []
        self.mirrored: list[dict[str, Any]] = []
        """What stood in the mirror, of all batches that were committed."""
        self.offset = 0
        self._runner = asyncio.Runner()
        self._start()

    def _start(self) -> None:
        self._settings = AlertsSettings(**self._given)
        self._app = BatchApp(id="desk.alerts", broker="127.0.0.1:1", partitions=1)
        Alerts(self._app, self._settings, CODEC, self.book, self._ready)
        (self._handler,) = self._app.handlers.values()
        self._restore()

    async def _ready(self) -> None:
        """Rules are there from the start."""

    def _restore(self) -> None:
        assert self._handler.restored is not None
        self._handler.restored(0, {table: table.rows(0) for table in self._app.batch_tables})

    def trends(self, *trends: Trend, commit: bool = True) -> list[Alert]:
        """One batch of trends; what it raised."""
        keyed = [(f"{one['subject_kind']}:{one['subject']}", one) for one in trends]
        return self._take("trends", keyed, commit=commit)

    def bars(self, *bars: Bar, commit: bool = True) -> list[Alert]:
        """One batch of bars, and one of the closes that it sent on; what they raised."""
        return self._take("bars", [(one["symbol"], one) for one in bars], commit=commit)

    def runs(self, *runs: Run, commit: bool = True) -> list[Alert]:
        """One batch of runs; what it raised."""
        return self._take("runs", [(one["collector"], one) for one in runs], commit=commit)

    def topics(self, *topics: Topic, commit: bool = True) -> list[Alert]:
        """One batch of topics; what it raised."""
        return self._take("topics", [(one["id"], one) for one in topics], commit=commit)

    def tick(self) -> list[Alert]:
        """A look at the clock without any record."""
        return self._take("trends", [])

    def raw(self, topic: str, key: bytes | None, value: bytes | None) -> list[Alert]:
        """One record of bytes as they are."""
        return self._batch(topic, [(key, value)], commit=True)

    def crash(self) -> None:
        """Lose all memory and come back from what the changelogs hold."""
        logs = {table.name: table.changelog_records(table.rows(0)) for table in self._app.batch_tables}
        self._start()
        for table in self._app.batch_tables:
            records = [Read(table.changelog, 0, n, 0, *pair) for n, pair in enumerate(logs[table.name])]
            table.load(0, records)
        self._restore()

    def rows(self, name: str) -> Mapping[str, Any]:
        """The committed rows of a table."""
        return next(table for table in self._app.batch_tables if table.name == name).rows(0)

    def _take(
        self, topic: str, keyed: Sequence[tuple[str, Mapping[str, Any]]], *, commit: bool = True
    ) -> list[Alert]:
        event = TOPICS[topic].event
        encoded = [(key.encode(), CODEC.encode(event, record)) for key, record in keyed]
        return self._batch(topic, encoded, commit=commit)

    def _batch(
        self, topic: str, pairs: Sequence[tuple[bytes | None, bytes | None]], *, commit: bool
    ) -> list[Alert]:
        full = TOPICS[topic].full_name(self._settings.topic_prefix)
        records = [Read(full, 0, self.offset + number, 0, *pair) for number, pair in enumerate(pairs)]
        batch = Batch(
            handler="windows",
            topic=full,
            partition=0,
            records=records,
            start=self.offset,
            end=self.offset + len(records),
            caught_up=True,
            max_record_bytes=1_000_000,
        )
        self._runner.run(cast("Coroutine[Any, Any, None]", self._handler.handle(batch)))
        mirror, closes = (
            TOPICS[name].full_name(self._settings.topic_prefix) for name in ("alerts.json", "closes")
        )
        raised = [
            self._sent(name, value) for name, _, value, _, _ in batch.outputs if name not in (mirror, closes)
        ]
        alerts = [cast("Alert", record) for event, record in raised if event == "alert"]
        if commit:
            self.mirrored += [
                orjson.loads(value or b"") for name, _, value, _, _ in batch.outputs if name == mirror
            ]
            self.offset = batch.end
            for table, writes in batch.writes.items():
                table.apply(0, writes)
            assert self._handler.committed is not None
            self._handler.committed(batch)
            self.alerts += alerts
            self.letters += [record for event, record in raised if event == "dead_letter"]
            sent_on = [(key, value) for name, key, value, _, _ in batch.outputs if name == closes]
            if sent_on:
                alerts += self._batch("closes", sent_on, commit=True)
        return alerts

    @staticmethod
    def _sent(topic: str, value: bytes | None) -> tuple[str, dict[str, Any]]:
        assert value is not None
        decoded = CODEC.decode(value)
        assert topic.endswith({"alert": "alerts", "dead_letter": "dead-letters"}[decoded.event])
        return decoded.event, decoded.record
