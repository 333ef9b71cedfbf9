"""The metric names: every Prometheus metric of every process as data, so that documents and dashboards agree."""

from collections.abc import Mapping
from types import MappingProxyType

METRICS: Mapping[str, str] = MappingProxyType(
    {
        "denyut_http_requests_total": "HTTP requests answered, by route and status",
        "denyut_stream_connections": "clients connected to the event stream now",
        "denyut_stream_closes_total": "event streams closed, by reason",
        "denyut_stream_frames_total": "frames sent to clients of the event stream",
        "denyut_stream_resets_total": "resets sent because a position could not be resumed",
    }
)
"""Metric name to what it counts."""
