"""Runs of collectors: the list, and what they and the mentions tell about each source."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor, below, cursor_parameters
from api.queries.columns import Columns
from api.store import Store
from schemas.tables import MENTIONS, RUNS

_COLUMNS = Columns("run")

_SQL = f"""
SELECT {_COLUMNS.sql}, kafka_partition, kafka_offset
FROM {RUNS}
WHERE ({{since:Int64}} < 0 OR started_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC'))
  AND ({{until:Int64}} < 0 OR started_at < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC'))
  AND (empty({{collector:Array(String)}}) OR has({{collector:Array(String)}}, collector))
  AND (empty({{source:Array(String)}}) OR has({{source:Array(String)}}, source))
  AND (empty({{outcome:Array(String)}}) OR has({{outcome:Array(String)}}, outcome))
  AND {below("started_at")}
ORDER BY started_at DESC, kafka_partition DESC, kafka_offset DESC
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in

# Nullable values are wrapped: argMax passes over NULL, and an old error must not outlive a good run.
_BY_SOURCE = f"""
SELECT collector, source, count() AS runs,
       toUnixTimestamp64Milli(max(r.ended_at)) AS ended_at,
       argMax(toString(r.outcome), (r.ended_at, r.kafka_offset)) AS outcome,
       argMax(ifNull(r.error, ''), (r.ended_at, r.kafka_offset)) AS error,
       argMax(r.items, (r.ended_at, r.kafka_offset)) AS items,
       argMax(ifNull(r.quota_left, -1), (r.ended_at, r.kafka_offset)) AS quota_left,
       toUnixTimestamp64Milli(max(r.newest_item_at)) AS newest_item_at,
       arraySlice(arrayReverseSort(groupArrayIf(toUnixTimestamp64Milli(r.started_at),
           r.started_at >= fromUnixTimestamp64Milli({{recent:Int64}}, 'UTC'))), 1, 20) AS starts
FROM {RUNS} AS r
WHERE started_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
GROUP BY collector, source
ORDER BY collector, source
"""  # noqa: S608 -- only names of our own schema are put in

_ENRICHED = f"""
SELECT collector, source, count() AS mentions,
       toUnixTimestamp64Milli(max(m.event_at)) AS newest_mention_at,
       toUnixTimestamp64Milli(max(m.enriched_at)) AS enriched_at
FROM {MENTIONS} AS m
WHERE collected_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
GROUP BY collector, source
ORDER BY collector, source
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    *,
    narrowing: dict[str, list[str]],
    since: int | None,
    until: int | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """At most `limit` runs and the cursor of the next page; `narrowing` has values of collector, source, outcome."""
    found = await store.rows(
        _SQL,
        {
            **narrowing,
            "since": -1 if since is None else since,
            "until": -1 if until is None else until,
            **cursor_parameters(before),
            "limit": limit,
        },
    )
    runs = [_COLUMNS.record(row) for row in found]
    if len(found) < limit:
        return runs, None
    last = found[-1]
    return runs, (last["started_at_ms"], last["kafka_partition"], last["kafka_offset"])


async def by_source(store: Store, since: int, recent: int) -> list[dict[str, Any]]:
    """One row a collector and source that ran since a time in milliseconds; `starts` are those after `recent`."""
    return await store.rows(_BY_SOURCE, {"since": since, "recent": recent})


async def enriched(store: Store, since: int) -> Sequence[dict[str, Any]]:
    """Mentions of each collector and source that were collected since a time in milliseconds."""
    return await store.rows(_ENRICHED, {"since": since})
