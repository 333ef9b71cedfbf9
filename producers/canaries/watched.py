"""A collector with a canary: one source more, which asks what must be answered and publishes nothing."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event
from typing import Protocol, runtime_checkable

from producers.base import Batch, Collector, Holding, Lasting
from producers.canaries.load import load_canaries
from producers.settings import ProducerSettings
from schemas.canary import CANARY


@runtime_checkable
class Singing(Protocol):
    """A collector that can be asked."""

    def canary(self, query: str, stop: Event) -> int:
        """How many items the answer to `query` has; raises Backpressure, Lasting or Retryable where there is none."""
        ...


class Watched:
    """`collector` with its canary: a run of the source `canary` is ok where the answer has items, and an error where it is empty."""

    def __init__(self, collector: Collector, singing: Singing, query: str, every_s: float) -> None:
        self._collector = collector
        self._singing = singing
        self._query = query
        self._every_s = every_s
        self.name = collector.name
        self.parallel = collector.parallel
        self.timeout_s = collector.timeout_s

    def sources(self) -> Sequence[str]:
        """Those of the collector, and the canary."""
        return [*self._collector.sources(), CANARY]

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new; of the canary nothing but how many items it has seen."""
        if source != CANARY:
            yield from self._collector.collect(source, cursors, stop)
            return
        seen = self._singing.canary(self._query, stop)
        if not seen:
            raise Lasting(
                "the canary's answer is empty: that nothing comes is no quiet, the source is broken"
            )
        yield Batch((), (), seen=seen)

    def next_run_s(self, source: str) -> float | None:
        """As of the collector; the canary for ever."""
        return self._every_s if source == CANARY else self._collector.next_run_s(source)

    def check(self) -> str:
        """As of the collector."""
        return self._collector.check()

    def reach(self, patience_s: float) -> str:
        """As of the collector."""
        return self._collector.reach(patience_s)

    def close(self) -> None:
        """As of the collector, where it holds something."""
        if isinstance(self._collector, Holding):
            self._collector.close()


def watched(collector: Collector, settings: ProducerSettings) -> Collector:
    """`collector`, with a canary where it has one and canaries are wanted; raises Fatal where the list of them is wrong."""
    found = load_canaries(settings.canaries).get(collector.name)
    if not settings.canary_s or found is None or found.query is None or not isinstance(collector, Singing):
        return collector
    return Watched(collector, collector, found.query, settings.canary_s)
