"""The sink's Prometheus metrics, counted per range, never per record; names are the catalogue's (schemas/metrics.py)."""

from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Gauge, Histogram

from schemas.metrics import METRICS

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

ROWS = Counter("denyut_sink_rows_total", METRICS["denyut_sink_rows_total"], ["table"])
INSERTS = Counter("denyut_sink_inserts_total", METRICS["denyut_sink_inserts_total"], ["table"])
SECONDS = Histogram(
    "denyut_sink_insert_seconds", METRICS["denyut_sink_insert_seconds"], ["table"], buckets=_SECONDS
)
FAILURES = Counter("denyut_sink_failures_total", METRICS["denyut_sink_failures_total"], ["table"])
REPLAYS = Counter("denyut_sink_replays_total", METRICS["denyut_sink_replays_total"], ["table"])
RESTORED = Counter(
    "denyut_sink_restored_blocks_total", METRICS["denyut_sink_restored_blocks_total"], ["table"]
)
DEAD_LETTERS = Counter("denyut_sink_dead_letters_total", METRICS["denyut_sink_dead_letters_total"], ["topic"])
LAG = Gauge("denyut_sink_lag", METRICS["denyut_sink_lag"], ["topic", "partition"])
HELD = Gauge("denyut_sink_held_bytes", METRICS["denyut_sink_held_bytes"])
PAUSED = Gauge("denyut_sink_paused_partitions", METRICS["denyut_sink_paused_partitions"])
LAST_COMMIT = Gauge(
    "denyut_sink_last_commit_timestamp_seconds", METRICS["denyut_sink_last_commit_timestamp_seconds"]
)


def begin(tables: Mapping[str, str], targets: Iterable[str]) -> None:
    """Let the counters of these topics (name to table), and of views' targets, begin at 0: of one that appears with a value, no increase is seen."""
    for topic, table in tables.items():
        DEAD_LETTERS.labels(topic)
        for counter in (ROWS, INSERTS, FAILURES, REPLAYS, RESTORED):
            counter.labels(table)
    for target in targets:
        RESTORED.labels(target)
