"""The api's Prometheus metrics; their names are the catalogue's (schemas/metrics.py)."""

from prometheus_client import Counter, Gauge

from schemas.metrics import METRICS

REQUESTS = Counter("denyut_http_requests_total", METRICS["denyut_http_requests_total"], ["route", "status"])
CONNECTIONS = Gauge("denyut_stream_connections", METRICS["denyut_stream_connections"])
CLOSES = Counter("denyut_stream_closes_total", METRICS["denyut_stream_closes_total"], ["reason"])
FRAMES = Counter("denyut_stream_frames_total", METRICS["denyut_stream_frames_total"])
RESETS = Counter("denyut_stream_resets_total", METRICS["denyut_stream_resets_total"], ["reason"])
SQL_QUERIES = Counter("denyut_sql_queries_total", METRICS["denyut_sql_queries_total"], ["outcome"])
STEP_LAG = Gauge("denyut_step_lag", METRICS["denyut_step_lag"], ["step"])
