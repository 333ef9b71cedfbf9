"""Landed mentions, newest first, page by page."""

import base64
import binascii
import struct
from collections.abc import Sequence
from typing import Any

from api.parameters import MentionFilters
from api.store import Store
from schemas.events import Mention
from schemas.tables import MENTIONS

_TIMES = ("published_at", "event_at", "collected_at", "enriched_at")
_FIELDS = tuple(Mention.__annotations__)
_CURSOR = struct.Struct(">qiq")

Cursor = tuple[int, int, int]
"""(event_at in ms, partition, offset) of the last mention of a page."""


def _column(name: str) -> str:
    return f"toUnixTimestamp64Milli({name}) AS {name}_ms" if name in _TIMES else name


_SELECT = ", ".join([*map(_column, _FIELDS), "kafka_partition", "kafka_offset"])

# The names of the fields are the schema's; values are parameters.
_SQL = f"""
SELECT {_SELECT}
FROM {MENTIONS}
WHERE kafka_offset < arrayElement({{landed:Array(Int64)}}, kafka_partition + 1)
  AND ({{since:Int64}} < 0 OR event_at >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC'))
  AND ({{until:Int64}} < 0 OR event_at < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC'))
  AND (empty({{platform:Array(String)}}) OR has({{platform:Array(String)}}, platform))
  AND (empty({{sentiment:Array(String)}}) OR has({{sentiment:Array(String)}}, toString(sentiment)))
  AND (empty({{language:Array(String)}}) OR has({{language:Array(String)}}, language))
  AND (empty({{keyword:Array(String)}}) OR hasAny({{keyword:Array(String)}}, keywords))
  AND (empty({{symbol:Array(String)}}) OR hasAny({{symbol:Array(String)}}, symbols))
  AND ({{q:String}} = '' OR positionCaseInsensitiveUTF8(concat(ifNull(title, ''), ' ', text), {{q:String}}) > 0)
  AND ({{before_at:Int64}} < 0 OR (toUnixTimestamp64Milli(event_at), kafka_partition, kafka_offset)
       < ({{before_at:Int64}}, {{before_partition:Int32}}, {{before_offset:Int64}}))
ORDER BY event_at DESC, kafka_partition DESC, kafka_offset DESC
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    filters: MentionFilters,
    *,
    landed: Sequence[int],
    text: str,
    since: int | None,
    until: int | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """At most `limit` mentions below the offsets `landed`, and the cursor of the next page where there may be one."""
    before_at, before_partition, before_offset = before or (-1, 0, 0)
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
            "q": text,
            "before_at": before_at,
            "before_partition": before_partition,
            "before_offset": before_offset,
            "limit": limit,
        },
    )
    mentions = [{name: row[f"{name}_ms" if name in _TIMES else name] for name in _FIELDS} for row in found]
    if len(found) < limit:
        return mentions, None
    last = found[-1]
    return mentions, (last["event_at_ms"], last["kafka_partition"], last["kafka_offset"])


def cursor_text(cursor: Cursor) -> str:
    """A cursor as clients carry it."""
    return base64.urlsafe_b64encode(_CURSOR.pack(*cursor)).rstrip(b"=").decode()


def cursor_of(text: str) -> Cursor:
    """The cursor in a text of `cursor_text`; raises ValueError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        at, partition, offset = _CURSOR.unpack(raw)
    except (binascii.Error, struct.error, ValueError) as error:
        raise ValueError("not a cursor of this api") from error
    return at, partition, offset
