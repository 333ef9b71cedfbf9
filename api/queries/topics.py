"""Landed topics: of each its latest revision; the stories of one; and stories by their ids."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns
from api.queries.pages import HIGHEST_FIRST, POSITION, bounds, newest_first, page_of, ranked_page_of
from api.store import Store
from schemas.tables import ASSIGNMENTS, STORIES, TOPICS

_TOPIC = Columns("topic")
_ASSIGNMENT = Columns("assignment")
_STORY = Columns("story")

# Times and terms are compared on the latest revision of a topic that has any in time: it is seen no earlier than others.
_PAGE = f"""
SELECT {_TOPIC.sql}, rank, {POSITION}
FROM (
  SELECT *, multiIf({{sort:String}} = 'mentions', mentions, {{sort:String}} = 'last_seen', toUnixTimestamp64Milli(last_seen),
                    toInt64(round(greatest(trending_score, 0) * 1000))) AS rank
  FROM {TOPICS}
  WHERE last_seen >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AND (id, revision) IN (
    SELECT id, max(revision) FROM {TOPICS}
    WHERE last_seen >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') GROUP BY id
  )
  ORDER BY revision DESC LIMIT 1 BY id
)
WHERE last_seen < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC') AND isNull(merged_into) AND stories >= {{stories:Int64}}
  AND (empty({{hashtag:Array(String)}}) OR hasAny({{hashtag:Array(String)}}, mapKeys(hashtags)))
  AND ({{text:String}} = '' OR position(lowerUTF8(arrayStringConcat(arrayPushBack(terms, label), '\\n')), {{text:String}}) > 0)
  AND {HIGHEST_FIRST}
"""  # noqa: S608 -- only names of our own schema are put in

_ONE = f"SELECT {_TOPIC.sql} FROM {TOPICS} WHERE id = {{id:String}} ORDER BY revision DESC LIMIT 1"  # noqa: S608 -- as above

_MEMBERS = f"""
SELECT {_ASSIGNMENT.sql}, {POSITION}
FROM (
  SELECT * FROM {ASSIGNMENTS}
  WHERE story_id IN (SELECT story_id FROM {ASSIGNMENTS} WHERE topic_id = {{id:String}})
  ORDER BY revision DESC LIMIT 1 BY story_id
)
WHERE topic_id = {{id:String}} AND {newest_first("assigned_at")}
"""  # noqa: S608 -- as above

_STORIES = f"""
SELECT {_STORY.sql} FROM {STORIES}
WHERE last_seen >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AND id IN {{ids:Array(String)}}
ORDER BY revision DESC LIMIT 1 BY id
"""  # noqa: S608 -- as above


async def page(
    store: Store,
    *,
    hashtags: Sequence[str],
    text: str,
    since: int,
    until: int,
    stories: int,
    sort: str,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Topics of at least so many stories, last seen in [since, until) milliseconds, and the cursor of the next page.

    `sort`: `trending`, `mentions` or `last_seen`, highest first; a cursor is good for the same order only. `text`, in lower
    case, must stand in the label or one of the terms.
    """
    rows = await store.rows(
        _PAGE,
        {
            **bounds(since, until, before, limit),
            "hashtag": list(hashtags),
            "text": text,
            "stories": stories,
            "sort": sort,
        },
    )
    return ranked_page_of(rows, _TOPIC, limit)


async def topic(store: Store, topic_id: str) -> dict[str, Any] | None:
    """The topic as it is now, or was before it went into another one; None where there is none."""
    rows = await store.rows(_ONE, {"id": topic_id})
    return _TOPIC.record(rows[0]) if rows else None


async def members(
    store: Store, topic_id: str, before: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Assignments of the stories that belong to the topic and to no later one, newest first, and the next page's cursor."""
    found = await store.rows(_MEMBERS, {"id": topic_id, **bounds(None, None, before, limit)})
    return page_of(found, _ASSIGNMENT, "assigned_at", limit)


async def stories(store: Store, ids: Sequence[str], since: int) -> list[dict[str, Any]]:
    """The stories of these ids as they are now, in the order of the ids; what has not landed is left out.

    Only those last seen at `since` (milliseconds) or later are looked for: their table is sorted by that, and holds all revisions.
    """
    if not ids:
        return []
    rows = await store.rows(_STORIES, {"ids": list(ids), "since": since})
    by_id = {row["id"]: _STORY.record(row) for row in rows}
    return [by_id[one] for one in ids if one in by_id]
