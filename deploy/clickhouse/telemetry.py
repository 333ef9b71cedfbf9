"""The embedded ClickHouse's Prometheus metrics; their names are the catalogue's (schemas/metrics.py)."""

from prometheus_client import Counter, Histogram

from schemas.metrics import METRICS

SECONDS = Histogram(
    "denyut_clickhouse_query_seconds",
    METRICS["denyut_clickhouse_query_seconds"],
    ["kind"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0),
)
ERRORS = Counter(
    "denyut_clickhouse_errors_total", METRICS["denyut_clickhouse_errors_total"], ["kind", "code"]
)
