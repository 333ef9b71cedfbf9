"""Landed mentions, newest first, page by page."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor
from api.parameters import MentionFilters
from api.queries.columns import Columns
from api.queries.pages import POSITION, among, bounds, newest_first, page_of, within
from api.store import Store
from schemas.tables import MENTIONS

_COLUMNS = Columns("mention")

# The names of the fields are the schema's; values are parameters.
_SQL = f"""
SELECT {_COLUMNS.sql}, {POSITION}
FROM {MENTIONS}
WHERE kafka_offset < arrayElement({{landed:Array(Int64)}}, kafka_partition + 1)
  AND {within("event_at")}
  AND {among("id", "platform", "sentiment", "language")}
  AND (empty({{keyword:Array(String)}}) OR hasAny({{keyword:Array(String)}}, keywords))
  AND (empty({{symbol:Array(String)}}) OR hasAny({{symbol:Array(String)}}, symbols))
  AND ({{q:String}} = '' OR positionCaseInsensitiveUTF8(concat(ifNull(title, ''), ' ', text), {{q:String}}) > 0)
  AND {newest_first("event_at")}
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
            "platform": filters.platforms(),
            "sentiment": filters.sentiment,
            "language": filters.language,
            "keyword": filters.keyword,
            "symbol": filters.symbol,
            "id": list(ids),
            "q": text,
            **bounds(since, until, before, limit),
        },
    )
    return page_of(found, _COLUMNS, "event_at", limit)
