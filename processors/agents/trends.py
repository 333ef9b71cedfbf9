"""`trends`: partials become windows of every subject, published as they change, closed, scored and dropped."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import structlog

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.agents.twins import of_all_platforms
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.authors import check
from processors.logic.folding import Marks, Step
from processors.logic.heard import Heard
from processors.logic.held import Held
from processors.logic.partials import TOTALS, WATERMARK
from processors.logic.publishing import Published, Publisher
from processors.logic.spans import Spans
from processors.logic.watermarks import Sources
from processors.settings import TrendsSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Millis, Partial
from schemas.topics import TOPICS

log = structlog.get_logger()

_TICK_S = 0.25


@dataclass(slots=True)
class _Partition:
    """What follows from the rows of one partition, and when it last published (processing time, seconds)."""

    held: Held
    sources: Sources
    floors: Marks
    heard: Heard
    published_at: float


@dataclass(frozen=True, slots=True)
class _Planned:
    """What becomes of a partition when the batch at hand commits."""

    step: Step
    sources: Sources
    published_at: float


class Trends:
    """The handler of `partials`, or of another topic of partials with watermarks of its own: then its tables have its name before theirs.

    Rows: `windows` (see `logic.rows`), `baselines` (see `logic.usual`), `totals` (see `logic.totals`), and in `marks` what was heard of the partitions of
    posts (`source:N` → [watermark, idle]), the latest window dropped (`floor:W`), and the stretches of event time in which it
    has counted (`heard`).
    """

    def __init__(
        self, app: BatchApp, settings: TrendsSettings, codec: Codec, topic: str = "partials"
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("trends", codec, settings.topic_prefix)
        self._spans = Spans(settings.day_zone)
        self._quiet_ms = int(settings.quiet_days * 86_400_000)
        self._publisher = Publisher(
            rings={
                "1m": settings.ring_1m_s * 1000,
                "5m": settings.ring_5m_s * 1000,
                "1h": settings.ring_1h_s * 1000,
                "1d": settings.ring_1d_s * 1000,
            },
            at_most=settings.publish_max,
            held_rows=settings.window_rows,
            bias=settings.score_bias,
            least=settings.score_mentions,
            voices=settings.score_authors,
        )
        # What other stages have counted comes later than what `enrich` has: no window may close before it.
        self._later = topic != "partials"
        of = f"{topic}-" if self._later else ""
        self._windows: BatchTable = app.batch_table(f"{of}windows")
        self._baselines: BatchTable = app.batch_table(f"{of}baselines")
        self._totals: BatchTable = app.batch_table(f"{of}totals")
        self._marks: BatchTable = app.batch_table(f"{of}marks")
        self._partitions: dict[int, _Partition] = {}
        self._planned: dict[int, _Planned] = {}
        self._working = asyncio.Lock()
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name=topic,
                topics=(self._topics[topic],),
                handle=self.handle,
                linger_s=settings.gather_s,
                max_records=settings.trends_batch,
                tick_s=min(_TICK_S, settings.publish_s),
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: count what came, then publish what is due."""
        # In a thread, so that transactions of other lanes go on; one at a time, for the work is all Python.
        async with self._working:
            await asyncio.to_thread(self._work, batch)

    def _work(self, batch: Batch) -> None:
        now_s, computed_at = time.monotonic(), now_ms()
        partition = self._partitions[batch.partition]
        sources = partition.sources.copy()
        step = Step(
            # Straight from what is committed: what this batch puts is put at its end, and the step knows its own changes.
            window=batch.rows(self._windows).get,
            baseline=batch.rows(self._baselines).get,
            total=batch.rows(self._totals).get,
            spans=self._spans,
            floors=partition.floors,
            heard=partition.heard,
            rings=self._publisher.rings,
        )
        self._count(batch, step, sources, now_s, computed_at)
        step.finish()
        closing, dropping = sources.closing(now_s, computed_at), sources.dropping(now_s)
        # Where every partition has been read so far, nothing can hold a window open any more.
        over = max(filter(None, (closing, dropping)), default=None)
        published_at = partition.published_at
        provisional = now_s - published_at >= self._settings.publish_s
        if provisional or len(partition.held.dirty) + step.touched >= self._settings.publish_max:
            for published in self._publisher.publish(
                step, partition.held, over, dropping, computed_at, provisional=provisional
            ):
                self._send(batch, published, computed_at)
        self._put(batch, partition, step, sources)
        batch.pending = step.owed(partition.held, over)
        if provisional and batch.pending < self._settings.publish_max:
            published_at = now_s
        self._planned[batch.partition] = _Planned(step, sources, published_at)

    def _send(self, batch: Batch, published: Published, computed_at: Millis) -> None:
        subject, trend, alone = published
        key = subject.encode()
        value = self._codec.encode("trend", trend)
        batch.send(self._topics["trends"], key, value, timestamp=computed_at)
        if alone:
            batch.send(self._topics["trends"], key, of_all_platforms(value, trend), timestamp=computed_at)

    def _count(self, batch: Batch, step: Step, sources: Sources, now_s: float, computed_at: Millis) -> None:
        for record in batch.records:
            try:
                partial = self._partial(record)
            except Poison as error:
                # Only enrich writes here, so this is a defect: seen in the dead letters, and by the proof as a difference.
                self._letters.bury(batch, record, error, computed_at)
                continue
            sources.hear(
                partial["source_partition"],
                partial["watermark"],
                partial["idle"],
                now_s,
                partial["enriched_at"],
            )
            # A partition of few subjects knows from it that there were posts.
            if partial["watermark"]:
                step.heard.add(partial["watermark"])
            if partial["subject_kind"] == TOTALS:
                step.tell(partial)
            elif partial["subject_kind"] != WATERMARK:
                step.fold(partial, sources.dropping(now_s))

    def _partial(self, record: Record) -> Partial:
        """The partial in a record; raises Poison for anything else."""
        partial = cast("Partial", event_in(self._codec, record, "partial"))
        if partial["authors"]:
            check(partial["authors"])
        return partial

    def _put(self, batch: Batch, partition: _Partition, step: Step, sources: Sources) -> None:
        for key, row in step.window_rows.items():
            batch.put(self._windows, key, row)
        for key, baseline in step.usual.rows.items():
            batch.put(self._baselines, key, baseline)
        for key, total in step.totals.rows.items():
            batch.put(self._totals, key, total)
        marks = _marks(step.floors, step.heard, sources)
        known = _marks(partition.floors, partition.heard, partition.sources)
        for key, mark in marks.items():
            if mark != known.get(key):
                batch.put(self._marks, key, mark)

    def _restored(self, partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        held = Held()
        held.restore(tables[self._windows], tables[self._baselines])
        settings = self._settings
        sources = Sources(
            settings.partitions,
            settings.idle_close_s,
            settings.evict_idle_s,
            by_word=self._later,
            # Nobody tells of copies of what other stages have counted.
            echoed=not self._later,
        )
        floors: Marks = {}
        heard = Heard(self._quiet_ms)
        now_s = time.monotonic()
        for key, mark in tables[self._marks].items():
            kind, _, name = key.partition(":")
            match kind:
                case "source":
                    # Silence counts from now: while nobody listened, nothing could be heard.
                    sources.hear(int(name), mark[0], mark[1], now_s)
                case "floor":
                    floors[name] = mark
                case "heard":
                    heard = Heard(self._quiet_ms, mark)
        self._partitions[partition] = _Partition(held, sources, floors, heard, now_s)

    def _committed(self, batch: Batch) -> None:
        planned = self._planned.pop(batch.partition)
        partition = self._partitions[batch.partition]
        for key, end, row in planned.step.changes():
            partition.held.take(key, end, row)
        for key, known in planned.step.usual.rows.items():
            partition.held.taught.take(key, known)
        partition.sources = planned.sources
        partition.floors = planned.step.floors
        partition.heard = planned.step.heard
        partition.published_at = planned.published_at

    def _revoked(self, partition: int) -> None:
        self._partitions.pop(partition, None)
        self._planned.pop(partition, None)


def _marks(floors: Marks, heard: Heard, sources: Sources) -> dict[str, Any]:
    return {
        **{f"source:{name}": [watermark, idle] for name, (watermark, idle) in sources.rows().items()},
        **{f"floor:{name}": mark for name, mark in floors.items()},
        "heard": heard.rows(),
    }
