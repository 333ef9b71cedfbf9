"""The metric names: every Prometheus metric of every process as data, so that documents and dashboards agree."""

from typing import Literal, get_args

MetricName = Literal[
    "denyut_http_requests_total",
    "denyut_stream_connections",
    "denyut_stream_closes_total",
    "denyut_stream_frames_total",
    "denyut_stream_resets_total",
]

METRICS: tuple[str, ...] = get_args(MetricName)
