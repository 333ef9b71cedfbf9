"""`alerts`: windows, bars, topics and runs are held against the rules; what they find is told once, with its evidence."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.agents.peek import first_string
from processors.agents.telling import Telling
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.alerts import bounds, shares
from processors.logic.alerts.finding import Finding
from processors.logic.alerts.halves import Halves
from processors.logic.alerts.history import History, Raising
from processors.logic.alerts.judge import Judge
from processors.logic.alerts.judging import asks_trend
from processors.logic.alerts.rules import RuleBook
from processors.logic.alerts.silence import heard, last_run, name_of, source_silent
from processors.settings import AlertsSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Bar, Millis, Rule, Run, Topic, Trend
from schemas.topics import TOPICS


@dataclass(slots=True)
class _Partition:
    """What follows from the rows of one partition, and what it knows of the clock (monotonic seconds)."""

    history: History
    halves: Halves
    listening_since: float
    looked_at: float = 0.0
    runs_read: bool = False
    """Whether the runs had been read to their end when the last of them came."""


@dataclass(slots=True)
class _Work:
    """One batch: what it raises, the rows it changes and the instant of its alerts."""

    batch: Batch
    raising: Raising
    now: Millis
    judge: Judge
    sources: dict[str, Any] = field(default_factory=dict)


class Alerts:
    """The handler of `trends`, `bars`, `topics` and `runs`, and of the `closes` that it writes itself.

    Rows: `fired` alert id → what was raised (see `logic.alerts.history`), `shares` window|subject|platform → the usual
    sentiment (see `logic.alerts.shares`), `halves` → moods and closes (see `logic.alerts.halves`), `sources` collector/source → when it
    was last heard of (see `logic.alerts.silence`). Every table has at most so many rows per partition (settings): the alerts raised
    and the halves that came first, subjects that had no window for the longest time and sources without a run for the longest time
    are forgotten; a forgotten subject or source is learnt anew.

    A rule asks one topic, and all that it can find about a subject comes through one partition of it in one order, so alerts
    are a function of what that partition holds and of the rules in force while it was read. A rule of divergence asks two: bars are
    keyed otherwise than trends, so their closes are sent on under the key that the trends have, and meet them in one partition.
    """

    def __init__(
        self,
        app: BatchApp,
        settings: AlertsSettings,
        codec: Codec,
        rules: RuleBook,
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("alerts", codec, settings.topic_prefix)
        self._telling = Telling(codec, settings.topic_prefix)
        self._rules = rules
        self._ready = ready
        self._fired: BatchTable = app.batch_table("fired")
        self._shares: BatchTable = app.batch_table("shares")
        self._halves: BatchTable = app.batch_table("halves")
        self._sources: BatchTable = app.batch_table("sources")
        self._partitions: dict[int, _Partition] = {}
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        self._takes: Mapping[str, Callable[[_Work, Record], None]] = {
            self._topics["trends"]: self._take_trend,
            self._topics["bars"]: self._take_bar,
            self._topics["runs"]: self._take_run,
            self._topics["topics"]: self._take_topic,
            self._topics["closes"]: self._take_close,
        }
        app.add_handler(
            Handler(
                name="windows",
                topics=tuple(self._takes),
                handle=self.handle,
                linger_s=settings.linger_s,
                max_records=settings.alerts_batch,
                tick_s=settings.silence_tick_s,
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch of one of the topics; whatever it is, now and then also a look at who is silent."""
        await self._ready()
        partition = self._partitions[batch.partition]
        judge = Judge(lambda key: batch.get(self._shares, key), partition.halves, self._settings.halves_kept)
        work = _Work(batch, Raising(partition.history, self._settings.alerts_kept), now_ms(), judge)
        take = self._takes[batch.topic]
        for record in batch.records:
            try:
                take(work, record)
            except Poison as error:
                self._letters.bury(batch, record, error, work.now)
        if not batch.records or batch.topic == self._topics["runs"]:
            partition.runs_read = batch.caught_up
        self._look_for_silence(partition, work)
        self._put(work)

    def _take_trend(self, work: _Work, record: Record) -> None:
        subject = _key(record)
        rules = self._rules.watching("trends", subject)
        if not rules:
            return
        # kind:subject:platform:window:start
        named = (first_string(record.value or b"") or "").rsplit(":", 3)
        if len(named) == 4 and not any(asks_trend(rule, named[1], named[2]) for rule in rules):  # noqa: PLR2004 -- see above
            return
        trend = cast("Trend", event_in(self._codec, record, "trend"))
        self._tell(work, subject, work.judge.trend(rules, subject, trend))

    def _take_bar(self, work: _Work, record: Record) -> None:
        subject = f"symbol:{_key(record)}"
        rules = self._rules.watching("bars", subject)
        waiting = self._rules.watching("closes", subject)
        if not rules and not waiting:
            return
        # symbol:interval:start
        named = (first_string(record.value or b"") or "").rsplit(":", 2)
        if len(named) == 3 and not any(rule["window"] == named[1] for rule in (*rules, *waiting)):  # noqa: PLR2004 -- see above
            return
        bar = cast("Bar", event_in(self._codec, record, "bar"))
        self._tell(work, subject, work.judge.bar(rules, bar))
        if bar["closed"] and any(rule["window"] == bar["interval"] for rule in waiting):
            work.batch.send(self._topics["closes"], subject.encode(), record.value, timestamp=work.now)

    def _take_close(self, work: _Work, record: Record) -> None:
        subject = _key(record)
        bar = cast("Bar", event_in(self._codec, record, "bar"))
        self._tell(work, subject, work.judge.close(self._rules.watching("closes", subject), subject, bar))

    def _take_topic(self, work: _Work, record: Record) -> None:
        subject = f"topic:{_key(record)}"
        rules = self._rules.watching("topics", subject)
        if rules:
            topic = cast("Topic", event_in(self._codec, record, "topic"))
            self._tell(work, subject, work.judge.topic(rules, topic))

    def _take_run(self, work: _Work, record: Record) -> None:
        run = cast("Run", event_in(self._codec, record, "run"))
        name = name_of(run)
        row = heard(work.sources.get(name) or work.batch.get(self._sources, name), run)
        if row is not None:
            work.sources[name] = row

    def _look_for_silence(self, partition: _Partition, work: _Work) -> None:
        """Judge every source by the clock, where all runs so far are known and somebody listened for a while."""
        now_s = time.monotonic()
        if now_s - partition.looked_at < self._settings.silence_tick_s:
            return
        partition.looked_at = now_s
        if not partition.runs_read or now_s - partition.listening_since < self._settings.silence_grace_s:
            return
        for name, committed in work.batch.rows(self._sources).items():
            subject = f"source:{name}"
            for rule in self._rules.watching("runs", subject):
                found = source_silent(rule, name, work.sources.get(name, committed), work.now)
                if found is not None:
                    self._tell(work, subject, [(rule, found)])

    def _tell(self, work: _Work, subject: str, found: Iterable[tuple[Rule, Finding]]) -> None:
        for rule, finding in found:
            self._telling.tell(work.batch, work.raising, rule, subject, finding, work.now)

    def _put(self, work: _Work) -> None:
        batch, settings = work.batch, self._settings
        for table, rows, forgotten in (
            (
                self._fired,
                work.raising.arriving.rows,
                work.raising.arriving.deleted(),
            ),
            (
                self._shares,
                work.judge.shares,
                bounds.oldest(
                    batch.rows(self._shares), work.judge.shares, settings.shares_kept, shares.last_start
                ),
            ),
            (
                self._halves,
                work.judge.pairing.arriving.rows,
                work.judge.pairing.arriving.deleted(),
            ),
            (
                self._sources,
                work.sources,
                bounds.oldest(batch.rows(self._sources), work.sources, settings.sources_kept, last_run),
            ),
        ):
            for key in forgotten:
                batch.put(table, key, None)
            for key, row in rows.items():
                batch.put(table, key, row)

    def _restored(self, partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        history, halves = History(), Halves()
        history.restore(tables[self._fired])
        halves.restore(tables[self._halves])
        # Silence counts only after a while: where nobody collected and nobody listened, everybody was silent.
        self._partitions[partition] = _Partition(history, halves, time.monotonic())

    def _committed(self, batch: Batch) -> None:
        partition = self._partitions[batch.partition]
        for key, row in batch.writes.get(self._fired, {}).items():
            partition.history.take(key, row)
        for key, row in batch.writes.get(self._halves, {}).items():
            partition.halves.take(key, row)

    def _revoked(self, partition: int) -> None:
        self._partitions.pop(partition, None)


def _key(record: Record) -> str:
    """What the record is keyed by; raises Poison where that is no text."""
    try:
        return (record.key or b"").decode()
    except UnicodeDecodeError as error:
        raise Poison("invalid", f"its key is not UTF-8: {error}") from None
