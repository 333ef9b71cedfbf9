"""Runs of a collector without Kafka: what the runner would publish, store and tell of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from producers.base import Batch, Collector, Item, Refused
from producers.clock import now_ms
from producers.tally import Tally
from schemas.codec import Codec
from schemas.errors import DenyutError, Poison
from schemas.events import Run
from schemas.registry import PinnedIds
from schemas.topics import TOPICS

_CODEC = Codec(PinnedIds())


@dataclass
class Outcome:
    """One run over one source: its Run, what it published, what was refused, and the error that ended it."""

    run: Run
    published: list[Mapping[str, Any]]
    refused: list[Refused]
    problem: DenyutError | None

    @property
    def posts(self) -> list[Mapping[str, Any]]:
        """What a collector of posts published."""
        return self.published

    @property
    def ids(self) -> list[str]:
        """What tells the published from one another, in order: of a quote its symbol and time."""
        return [
            one["id"] if "id" in one else f"{one['symbol']}@{one['market_time']}" for one in self.published
        ]


@dataclass
class Driver:
    """Runs one collector, which publishes to `topic`, as the runner does; `cursors` is its part of the checkpoints topic."""

    collector: Collector
    cursors: dict[str, str] = field(default_factory=dict)
    topic: str = "posts"

    def run(self, source: str | None = None, *, batches: int | None = None) -> Outcome:
        """One run over `source`, by default the first; ended as by a kill after so many `batches` that brought something.

        Every item must fit its schema. Cursors are stored once their batch is acknowledged, as text.
        """
        source = self.collector.sources()[0] if source is None else source
        tally = Tally(self.collector.name, source, now_ms())
        published: list[Mapping[str, Any]] = []
        refused: list[Refused] = []
        problem: DenyutError | None = None
        found = self.collector.collect(source, dict(self.cursors), Event())
        try:
            brought = 0
            for batch in found:
                self._take(batch, tally, published, refused)
                brought += bool(batch.items)
                if brought == batches:
                    break
        except DenyutError as error:
            problem = error
        finally:
            found.close()
        return Outcome(tally.run(problem), published, refused, problem)

    def _take(
        self, batch: Batch, tally: Tally, published: list[Mapping[str, Any]], refused: list[Refused]
    ) -> None:
        tally.see(batch.seen)
        for item in batch.items:
            tally.items += 1
            if isinstance(item, Item):
                _CODEC.encode(TOPICS[item.topic].event, item.record)
                tally.pending.append(item)
                if item.topic == self.topic:
                    published.append(item.record)
            else:
                assert isinstance(item.why, Poison)
                tally.refused += 1
                refused.append(item)
        # Engagements have no time of their own that a Run tells of.
        tally.pending = [item for item in tally.pending if item.topic == self.topic]
        tally.acknowledge()
        tally.remark = batch.remark or tally.remark
        if batch.quota_left is not None:
            tally.quota_left = batch.quota_left
        self.cursors.update((cursor.source, str(cursor.value)) for cursor in batch.cursors)
