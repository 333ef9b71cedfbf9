"""Landed mentions, newest first, page by page."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor, below, cursor_parameters
from api.parameters import MentionFilters
from api.queries.columns import Columns
from api.store import Store
from schemas.tables import MENTIONS

_COLUMNS = Columns("mention")

# The names of the fields are the schema's; values are parameters.
_SQL = f"""
SELECT {_COLUMNS.sql}, kafka_partition, kafka_offset
FROM {MENTIONS}
WHERE kafka_offset < arrayElement({{landed:Array(Int64)}}, kafka_partition + 1)
  AND (empty({{id:Array(String)}}) OR has({{id:Array(String)}}, id))
  AND ({{since:Int64}} < 0 OR event_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC'))
  AND ({{until:Int64}} < 0 OR event_at < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC'))
  AND (empty({{platform:Array(String)}}) OR has({{platform:Array(String)}}, platform))
  AND (empty({{sentiment:Array(String)}}) OR has({{sentiment:Array(String)}}, toString(sentiment)))
  AND (empty({{language:Array(String)}}) OR has({{language:Array(String)}}, language))
  AND (empty({{keyword:Array(String)}}) OR hasAny({{keyword:Array(String)}}, keywords))
  AND (empty({{symbol:Array(String)}}) OR hasAny({{symbol:Array(String)}}, symbols))
  AND ({{q:String}} = '' OR positionCaseInsensitiveUTF8(concat(ifNull(title, ''), ' ', text), {{q:String}}) > 0)
  AND {below("event_at")}
ORDER BY event_at DESC, kafka_partition DESC, kafka_offset DESC
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    filters: MentionFilters,
    *,
    landed: Sequence[int],
    ids: Sequence[str],
    text: str,
    since: int | None,
    until: int | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """At most `limit` mentions below the offsets `landed`, and the cursor of the next page where there may be one."""
    found = await store.rows(
        _SQL,
        {
            "landed": list(landed),
            "since": -1 if since is None else since,
            "until": -1 if until is None else until,
            "platform": filters.platforms(),
            "sentiment": filters.sentiment,
            "language": filters.language,
            "keyword": filters.keyword,
            "symbol": filters.symbol,
            "id": list(ids),
            "q": text,
            **cursor_parameters(before),
            "limit": limit,
        },
    )
    mentions = [_COLUMNS.record(row) for row in found]
    if len(found) < limit:
        return mentions, None
    last = found[-1]
    return mentions, (last["event_at_ms"], last["kafka_partition"], last["kafka_offset"])
