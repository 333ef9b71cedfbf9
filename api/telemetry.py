"""The api's Prometheus metrics; their names are the catalogue's (schemas/metrics.py)."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter("denyut_http_requests_total", "requests answered", ["route", "status"])
CONNECTIONS = Gauge("denyut_stream_connections", "streams open now")
CLOSES = Counter("denyut_stream_closes_total", "streams that ended, by reason", ["reason"])
FRAMES = Counter("denyut_stream_frames_total", "events written to streams")
RESETS = Counter("denyut_stream_resets_total", "gaps told to clients, by reason", ["reason"])
