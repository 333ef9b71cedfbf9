"""The metric names: every Prometheus metric of every process as data, so that documents and dashboards agree."""

from collections.abc import Mapping
from types import MappingProxyType

METRICS: Mapping[str, str] = MappingProxyType(
    {
        "denyut_collector_runs_total": "runs of collectors that ended, by source and outcome",
        "denyut_collector_items_total": "items that collectors published, by source",
        "denyut_collector_newest_item_timestamp_seconds": "time of the newest item a source has had",
        "denyut_collector_last_run_timestamp_seconds": "when the last run over a source ended",
        "denyut_collector_quota_left": "what a source still allows, where it says so",
        "denyut_http_requests_total": "HTTP requests answered, by route and status",
        "denyut_stream_connections": "clients connected to the event stream now",
        "denyut_stream_closes_total": "event streams closed, by reason",
        "denyut_stream_frames_total": "frames sent to clients of the event stream",
        "denyut_stream_resets_total": "resets sent because a position could not be resumed",
        "denyut_sql_queries_total": "SQL queries of clients, by outcome",
        "denyut_step_lag": "positions a stage or sink is behind in its inputs, as the api sees it",
    }
)
"""Metric name to what it counts."""
