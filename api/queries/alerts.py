"""Landed alerts that are everyone's, newest first, page by page."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor, below, cursor_parameters
from api.queries.columns import Columns
from api.store import Store
from schemas.tables import ALERTS

_COLUMNS = Columns("alert")

_SQL = f"""
SELECT {_COLUMNS.sql}, kafka_partition, kafka_offset
FROM {ALERTS}
WHERE owner IS NULL
  AND kafka_offset < arrayElement({{landed:Array(Int64)}}, kafka_partition + 1)
  AND ({{since:Int64}} < 0 OR fired_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC'))
  AND ({{until:Int64}} < 0 OR fired_at < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC'))
  AND (empty({{rule:Array(String)}}) OR has({{rule:Array(String)}}, rule_id))
  AND (empty({{kind:Array(String)}}) OR has({{kind:Array(String)}}, kind))
  AND (empty({{severity:Array(String)}}) OR has({{severity:Array(String)}}, severity))
  AND (empty({{subject:Array(String)}}) OR has({{subject:Array(String)}}, subject))
  AND (empty({{platform:Array(String)}}) OR has({{platform:Array(String)}}, platform))
  AND {below("fired_at")}
ORDER BY fired_at DESC, kafka_partition DESC, kafka_offset DESC
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    *,
    landed: Sequence[int],
    narrowing: dict[str, list[str]],
    since: int | None,
    until: int | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """At most `limit` alerts below the offsets `landed`, and the cursor of the next page where there may be one.

    `narrowing` has values of rule, kind, severity, subject and platform; an empty list does not restrict.
    """
    found = await store.rows(
        _SQL,
        {
            "landed": list(landed),
            **narrowing,
            "since": -1 if since is None else since,
            "until": -1 if until is None else until,
            **cursor_parameters(before),
            "limit": limit,
        },
    )
    alerts = [_COLUMNS.record(row) for row in found]
    if len(found) < limit:
        return alerts, None
    last = found[-1]
    return alerts, (last["fired_at_ms"], last["kafka_partition"], last["kafka_offset"])
