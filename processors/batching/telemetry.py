"""The stages' Prometheus metrics, counted per batch, never per record; lag and stalls are read when they are asked for."""

from collections.abc import Iterable, Iterator
from time import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from processors.batching.routing import Groups
from schemas.metrics import METRICS

if TYPE_CHECKING:
    from processors.batching.app import BatchApp
    from processors.batching.lane import Lane

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

RECORDS = Counter("denyut_stage_records_total", METRICS["denyut_stage_records_total"], ["handler"])
BATCHES = Counter("denyut_stage_batches_total", METRICS["denyut_stage_batches_total"], ["handler"])
OUTPUTS = Counter("denyut_stage_outputs_total", METRICS["denyut_stage_outputs_total"], ["handler", "topic"])
RETRIES = Counter("denyut_stage_retries_total", METRICS["denyut_stage_retries_total"], ["handler"])
HANDLE = Histogram(
    "denyut_stage_handle_seconds", METRICS["denyut_stage_handle_seconds"], ["handler"], buckets=_SECONDS
)
COMMIT = Histogram(
    "denyut_stage_commit_seconds", METRICS["denyut_stage_commit_seconds"], ["handler"], buckets=_SECONDS
)
LAST_COMMIT = Gauge(
    "denyut_stage_last_commit_timestamp_seconds",
    METRICS["denyut_stage_last_commit_timestamp_seconds"],
    ["handler"],
)


class BatchCounter:
    """Counts the batches of one handler; one per lane, so that nothing is looked up in the lane's way."""

    def __init__(self, handler: str) -> None:
        self._handler = handler
        self._records = RECORDS.labels(handler)
        self._batches = BATCHES.labels(handler)
        self._retries = RETRIES.labels(handler)
        self._handle = HANDLE.labels(handler)
        self._commit = COMMIT.labels(handler)
        self._last_commit = LAST_COMMIT.labels(handler)
        self._outputs: dict[str, Counter] = {}

    def handled(self, seconds: float) -> None:
        """The handler has returned after so long."""
        self._handle.observe(seconds)

    def committed(self, records: int, groups: Groups, retries: int, seconds: float) -> None:
        """A batch of so many records has committed, with what it wrote by topic, after so many failed tries."""
        self._records.inc(records)
        self._batches.inc()
        if retries:
            self._retries.inc(retries)
        self._commit.observe(seconds)
        self._last_commit.set(time())
        written: dict[str, int] = {}
        for (topic, _), outputs in groups.items():
            written[topic] = written.get(topic, 0) + len(outputs)
        for topic, count in written.items():
            counter = self._outputs.get(topic)
            if counter is None:
                counter = self._outputs[topic] = OUTPUTS.labels(self._handler, topic)
            counter.inc(count)


class LaneWatch(Collector):
    """Lag and stalls of the lanes a worker holds now, computed when Prometheus asks, so that a worker that hangs shows."""

    def __init__(self, app: "BatchApp") -> None:
        self._app = app

    def describe(self) -> Iterable[Metric]:
        """The families without samples: there are no lanes before the worker has started."""
        return self._families()

    def collect(self) -> Iterator[Metric]:
        """Called in the thread of the request; the lanes belong to another, so only copies are looped over."""
        lag, stalled = self._families()
        for lane in self._lanes():
            for tp, behind in lane.behind().items():
                lag.add_metric([tp.topic, str(tp.partition)], behind)
            stalled.add_metric([lane.handler.name, str(lane.partition)], lane.pulse.stalled_s())
        yield lag
        yield stalled

    @staticmethod
    def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
        return (
            GaugeMetricFamily("denyut_stage_lag", METRICS["denyut_stage_lag"], labels=["topic", "partition"]),
            GaugeMetricFamily(
                "denyut_stage_stalled_seconds",
                METRICS["denyut_stage_stalled_seconds"],
                labels=["handler", "partition"],
            ),
        )

    def _lanes(self) -> "list[Lane]":
        lanes = self._app.started_lanes
        return [] if lanes is None else lanes.snapshot()


def watch(app: "BatchApp", outputs: Iterable[str]) -> None:
    """Show the lanes of `app` among the metrics of this process; once per process.

    Counters of the topics `outputs` begin at 0: of one that appears with its first record, no increase is seen.
    """
    for handler in app.handlers:
        for topic in outputs:
            OUTPUTS.labels(handler, topic)
    REGISTRY.register(LaneWatch(app))
