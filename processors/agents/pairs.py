"""The part of `stories` that watches pairs of words: what a batch tells it, the trends it sends, the rows it keeps."""

import time
from collections.abc import Mapping
from typing import Any

from processors.batching import Batch, BatchApp, BatchTable
from processors.logic.pairs.finding import Bounds
from processors.logic.pairs.telling import KIND
from processors.logic.pairs.watch import Limits, Watch
from processors.logic.pairs.wording import wording
from processors.logic.stories.fingerprints import WATERMARK
from processors.logic.watermarks import Sources
from processors.settings import StoriesSettings
from schemas.codec import Codec
from schemas.events import Fingerprint, Millis
from schemas.topics import TOPICS

_MARKS = "watch"
_SOURCES = "sources"
"""Key of the mark that says how far each partition of posts is: {partition: [watermark, idle]}."""


class Pairs:
    """Rows: `wordings`, `sketches`, `pairs` (see `logic.pairs.watch`) and `pair-marks`.

    A batch changes the watch in memory; where it does not commit after all, `restore` makes it anew of the committed rows.
    """

    def __init__(self, app: BatchApp, settings: StoriesSettings, codec: Codec) -> None:
        self._settings = settings
        self._codec = codec
        self._topic = TOPICS["trends"].full_name(settings.topic_prefix)
        self._limits = Limits(
            each=settings.pair_posts,
            most=settings.pair_posts_held,
            tracked=settings.pairs_kept,
            quiet_ms=int(settings.quiet_days * 86_400_000),
            lateness_ms=int(settings.pair_lateness_s * 1_000),
            bounds=Bounds(
                score=settings.pair_score,
                mentions=settings.score_mentions,
                voices=settings.score_authors,
                bias=settings.score_bias,
            ),
        )
        self._wordings: BatchTable = app.batch_table("wordings")
        self._sketches: BatchTable = app.batch_table("sketches")
        self._pairs: BatchTable = app.batch_table("pairs")
        self._marks: BatchTable = app.batch_table("pair-marks")
        self.restore({table: {} for table in self.tables})

    @property
    def tables(self) -> tuple[BatchTable, ...]:
        """Its tables."""
        return self._wordings, self._sketches, self._pairs, self._marks

    def hear(self, told: Fingerprint, *, copy: bool) -> None:
        """Take note of a post, or of how far a partition of posts is."""
        self._sources.hear(
            told["source_partition"],
            told["watermark"],
            told["idle"],
            time.monotonic(),
            told["enriched_at"],
        )
        if told["kind"] == WATERMARK:
            return
        post = wording(told, copy=copy)
        if post is not None:
            self._watch.add(post)

    def tell(self, batch: Batch, at: Millis) -> bool:
        """Send what is to be told of windows that are over, and put the rows; whether more is to be told."""
        watch = self._watch
        until = self._sources.closing(time.monotonic(), at) or 0
        for trend in watch.advance(until, at):
            subject = f"{KIND}:{trend['subject']}".encode()
            batch.send(self._topic, subject, self._codec.encode("trend", trend), timestamp=at)
        for table, rows in (
            (self._sketches, watch.sketches()),
            (self._wordings, watch.wordings(batch.start)),
            (self._pairs, watch.pairs()),
        ):
            for key, row in rows:
                batch.put(table, key, row)
        sources = {str(number): list(told) for number, told in self._sources.rows().items()}
        for key, mark in ((_MARKS, watch.marks()), (_SOURCES, sources)):
            if mark != batch.get(self._marks, key):
                batch.put(self._marks, key, mark)
        return watch.owes(until)

    def restore(self, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        """Start from committed rows."""
        wordings, sketches, pairs, marks = (tables[table] for table in self.tables)
        self._watch = Watch(self._limits)
        self._watch.restore(wordings, sketches, pairs, marks.get(_MARKS, {}))
        idle_s = self._settings.idle_close_s
        self._sources = Sources(self._settings.partitions, idle_s, idle_s)
        for number, (watermark, idle) in marks.get(_SOURCES, {}).items():
            # Silence counts from now: while nobody listened, nothing could be heard.
            self._sources.hear(int(number), watermark, idle, time.monotonic())
