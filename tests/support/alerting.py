"""The handler of `alerts` over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from processors.agents.alerts import Alerts
from processors.batching import Batch, BatchApp
from processors.logic.alerts.rules import RuleBook
from processors.settings import AlertsSettings
from schemas.events import Alert, Bar, Rule, Run, Trend
from schemas.topics import TOPICS
from tests.support.stages import CODEC

HOUR = 3_600_000
START = 1_440_381_600_000


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
        """One batch of bars; what it raised."""
        return self._take("bars", [(one["symbol"], one) for one in bars], commit=commit)

    def runs(self, *runs: Run, commit: bool = True) -> list[Alert]:
        """One batch of runs; what it raised."""
        return self._take("runs", [(one["collector"], one) for one in runs], commit=commit)

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
        raised = [self._sent(name, value) for name, _, value, _, _ in batch.outputs]
        alerts = [cast("Alert", record) for event, record in raised if event == "alert"]
        if commit:
            self.offset = batch.end
            for table, writes in batch.writes.items():
                table.apply(0, writes)
            assert self._handler.committed is not None
            self._handler.committed(batch)
            self.alerts += alerts
            self.letters += [record for event, record in raised if event == "dead_letter"]
        return alerts

    @staticmethod
    def _sent(topic: str, value: bytes | None) -> tuple[str, dict[str, Any]]:
        assert value is not None
        decoded = CODEC.decode(value)
        assert topic.endswith({"alert": "alerts", "dead_letter": "dead-letters"}[decoded.event])
        return decoded.event, decoded.record


def rule(kind: str = "volume_spike", subject: str = "all:", **fields: Any) -> Rule:
    """A rule that fires easily, unless said otherwise."""
    values: dict[str, Any] = {
        "id": "r",
        "revision": 1,
        "owner": None,
        "name": "a rule",
        "kind": kind,
        "subject": subject,
        "platform": "",
        "window": {"source_silent": "", "price_move": "1d"}.get(kind, "1h"),
        "threshold": {"volume_spike": 3.0, "sentiment_shift": 0.25, "price_move": 0.05}.get(kind, 0.0),
        "minimum": 10 if kind in ("volume_spike", "sentiment_shift", "keyword") else 0,
        "early": False,
        "severity": "warning",
        "cooldown_s": 0,
        "active": True,
        "updated_at": 0,
    }
    return Rule(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def trend(hour: int = 0, subject: str = "all:", **fields: Any) -> Trend:
    """The closed window of an hour after START that is a spike, unless said otherwise."""
    kind, _, name = subject.partition(":")
    start = fields.pop("start", START + hour * HOUR)
    window = fields.pop("window", "1h")
    platform = fields.pop("platform", "")
    mentions = fields.pop("mentions", 20)
    negative, positive = fields.pop("negative", 0), fields.pop("positive", 0)
    values: dict[str, Any] = {
        "id": f"{subject}:{platform}:{window}:{start}",
        "revision": 1,
        "subject_kind": kind,
        "subject": name,
        "platform": platform,
        "window": window,
        "start": start,
        "end": start + HOUR,
        "mentions": mentions,
        "copies": 0,
        "authors": 5,
        "positive": positive,
        "negative": negative,
        "neutral": mentions - positive - negative,
        "engagement": 0,
        "velocity": 0.0,
        "score": 4.0,
        "display_score": 50.0,
        "baseline": 5.0,
        "learnt": 20,
        "terms": {"crash": 4},
        "sources": {"feed": mentions},
        "samples": ["x:1"],
        "closed": True,
        "late": 0,
        "computed_at": start + 2 * HOUR,
    }
    return Trend(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def bar(day: int = 0, symbol: str = "AMZN", change: float | None = -0.0629, **fields: Any) -> Bar:
    """The closed bar of a day after START."""
    start = START + day * 24 * HOUR
    close = fields.pop("close", 463.37)
    indicators = {} if change is None else {"previous_close": close / (1 + change), "change": change}
    values: dict[str, Any] = {
        "id": f"{symbol}:{fields.get('interval', '1d')}:{start}",
        "symbol": symbol,
        "interval": "1d",
        "start": start,
        "end": start + 24 * HOUR,
        "revision": 1,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 0,
        "ticks": 1,
        "closed": True,
        "late": 0,
        "indicators": indicators,
        "signals": [],
        "computed_at": start + 48 * HOUR,
    }
    return Bar(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def run(ended_at: int, published: int = 1, **fields: Any) -> Run:
    """A run of rss over detik."""
    values: dict[str, Any] = {
        "id": f"rss:{ended_at}",
        "collector": "rss",
        "source": "detik",
        "started_at": ended_at - 1_000,
        "ended_at": ended_at,
        "outcome": "ok" if published else "empty",
        "items": published,
        "published": published,
        "oldest_item_at": None,
        "newest_item_at": None,
        "quota_left": None,
        "error": None,
    }
    return Run(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above
