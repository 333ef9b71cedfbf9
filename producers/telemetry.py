"""The collectors' Prometheus metrics; their names are the catalogue's (schemas/metrics.py)."""

from prometheus_client import Counter, Gauge

from schemas.events import Millis, Run
from schemas.metrics import METRICS

_SOURCE = ["collector", "source"]
RUNS = Counter("denyut_collector_runs_total", METRICS["denyut_collector_runs_total"], [*_SOURCE, "outcome"])
ITEMS = Counter("denyut_collector_items_total", METRICS["denyut_collector_items_total"], _SOURCE)
NEWEST = Gauge(
    "denyut_collector_newest_item_timestamp_seconds",
    METRICS["denyut_collector_newest_item_timestamp_seconds"],
    _SOURCE,
)
LAST_RUN = Gauge(
    "denyut_collector_last_run_timestamp_seconds",
    METRICS["denyut_collector_last_run_timestamp_seconds"],
    _SOURCE,
)
QUOTA = Gauge("denyut_collector_quota_left", METRICS["denyut_collector_quota_left"], _SOURCE)


class RunCounter:
    """Counts the runs of one collector."""

    def __init__(self, collector: str) -> None:
        self._collector = collector
        self._newest: dict[str, Millis] = {}

    def count(self, run: Run) -> None:
        """Count `run`, which has ended. The newest item of a source never becomes older, also in a back-fill."""
        source = run["source"]
        RUNS.labels(self._collector, source, run["outcome"]).inc()
        ITEMS.labels(self._collector, source).inc(run["published"])
        LAST_RUN.labels(self._collector, source).set(run["ended_at"] / 1000)
        newest = run["newest_item_at"]
        if newest is not None and newest > self._newest.get(source, 0):
            self._newest[source] = newest
            NEWEST.labels(self._collector, source).set(newest / 1000)
        if run["quota_left"] is not None:
            QUOTA.labels(self._collector, source).set(run["quota_left"])
