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
        "denyut_stage_records_total": "input records whose batch has committed",
        "denyut_stage_batches_total": "batches that have committed, those without records among them",
        "denyut_stage_outputs_total": "records that committed batches wrote, by the topic written to",
        "denyut_stage_retries_total": "transactions that failed and were tried again",
        "denyut_stage_handle_seconds": "seconds a handler worked on one batch",
        "denyut_stage_commit_seconds": "seconds from a handled batch to its commit, retries included",
        "denyut_stage_last_commit_timestamp_seconds": "when a batch of a handler committed last",
        "denyut_stage_lag": "positions known of and not committed, by the input partitions that the worker holds",
        "denyut_stage_stalled_seconds": "seconds since the last commit of a lane that has work, 0 where it has none",
        "denyut_influencers_forgotten_total": "authors forgotten because too many others wrote since",
        "denyut_influencers_unknown_total": "what stories told of authors that were forgotten, which is not counted",
        "denyut_sink_rows_total": "rows landed, by table; those of a replay count again",
        "denyut_sink_inserts_total": "ranges landed, by table",
        "denyut_sink_insert_seconds": "seconds from a range to its rows in the table",
        "denyut_sink_failures_total": "inserts that failed and are tried again, by table",
        "denyut_sink_replays_total": "ranges inserted again because their outcome was unknown, by table",
        "denyut_sink_restored_blocks_total": "replayed ranges of which rows were missing and were put in, by table or view's target",
        "denyut_sink_dead_letters_total": "records that could not land, by topic",
        "denyut_sink_lag": "positions up to the end of a partition that are not committed",
        "denyut_sink_held_bytes": "bytes of records that wait for their insert or are in one",
        "denyut_sink_paused_partitions": "partitions not read at present because too much waits",
        "denyut_sink_last_commit_timestamp_seconds": "when the sink committed an offset last",
        "denyut_clickhouse_query_seconds": "seconds the embedded ClickHouse took for a statement, waiting included",
        "denyut_clickhouse_errors_total": "statements that the embedded ClickHouse refused or failed, by its error code",
        "denyut_http_requests_total": "HTTP requests answered, by route and status",
        "denyut_stream_connections": "clients connected to the event stream now",
        "denyut_stream_closes_total": "event streams closed, by reason",
        "denyut_stream_frames_total": "frames sent to clients of the event stream",
        "denyut_stream_resets_total": "resets sent because a position could not be resumed",
        "denyut_stream_refused_total": "openings of the event stream that a limit refused, by limit",
        "denyut_stream_recent_total": "of the frames of the past, those that were still in memory",
        "denyut_stream_replayed_total": "frames of the past sent to clients that came back",
        "denyut_stream_waiting_frames": "frames that wait for clients slower than what they asked for",
        "denyut_stream_latency_seconds": "seconds from Kafka's record to the write to its clients' sockets, live",
        "denyut_stream_lag": "committed positions of a partition of a live topic that are not handed out yet",
        "denyut_sql_queries_total": "SQL queries of clients, by outcome",
        "denyut_step_lag": "positions a stage or sink is behind in its inputs, as the api sees it",
    }
)
"""Metric name to what it counts."""
