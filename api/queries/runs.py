"""Runs of collectors: the list, and what they and the mentions tell about each source."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns
from api.queries.pages import POSITION, among, bounds, newest_first, page_of, within
from api.store import Store
from schemas.tables import MENTIONS, RUNS

_COLUMNS = Columns("run")

_SQL = f"""
SELECT {_COLUMNS.sql}, {POSITION}
FROM {RUNS}
WHERE {within("started_at")}
  AND {among("collector", "source", "outcome")}
  AND {newest_first("started_at")}
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
    found = await store.rows(_SQL, {**narrowing, **bounds(since, until, before, limit)})
    return page_of(found, _COLUMNS, "started_at", limit)


async def by_source(store: Store, since: int, recent: int) -> list[dict[str, Any]]:
    """One row a collector and source that ran since a time in milliseconds; `starts` are those after `recent`."""
    return await store.rows(_BY_SOURCE, {"since": since, "recent": recent})


async def enriched(store: Store, since: int) -> Sequence[dict[str, Any]]:
    """Mentions of each collector and source that were collected since a time in milliseconds."""
    return await store.rows(_ENRICHED, {"since": since})
