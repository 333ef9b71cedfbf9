"""The api's Prometheus metrics; their names are the catalogue's (schemas/metrics.py)."""

from prometheus_client import Counter, Gauge, Histogram

from schemas.metrics import METRICS

REQUESTS = Counter("denyut_http_requests_total", METRICS["denyut_http_requests_total"], ["route", "status"])
CONNECTIONS = Gauge("denyut_stream_connections", METRICS["denyut_stream_connections"])
CLOSES = Counter("denyut_stream_closes_total", METRICS["denyut_stream_closes_total"], ["reason"])
FRAMES = Counter("denyut_stream_frames_total", METRICS["denyut_stream_frames_total"])
RESETS = Counter("denyut_stream_resets_total", METRICS["denyut_stream_resets_total"], ["reason"])
REFUSED = Counter("denyut_stream_refused_total", METRICS["denyut_stream_refused_total"], ["limit"])
RECENT = Counter("denyut_stream_recent_total", METRICS["denyut_stream_recent_total"])
REPLAYED = Counter("denyut_stream_replayed_total", METRICS["denyut_stream_replayed_total"])
WAITING = Gauge("denyut_stream_waiting_frames", METRICS["denyut_stream_waiting_frames"])
LATENCY = Histogram(
    "denyut_stream_latency_seconds",
    METRICS["denyut_stream_latency_seconds"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LAG = Gauge("denyut_stream_lag", METRICS["denyut_stream_lag"], ["topic", "partition"])
SQL_QUERIES = Counter("denyut_sql_queries_total", METRICS["denyut_sql_queries_total"], ["outcome"])
STEP_LAG = Gauge("denyut_step_lag", METRICS["denyut_step_lag"], ["step"])
