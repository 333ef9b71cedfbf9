"""Landed stories: of each its latest revision; and the posts of one."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns
from api.queries.pages import HIGHEST_FIRST, POSITION, bounds, newest_first, page_of, ranked_page_of
from api.store import Store
from schemas.tables import STORIES, STORY_LINKS

_STORY = Columns("story")
_LINK = Columns("story_link")

# A later revision has no fewer copies and is seen no earlier, so what keeps any revision keeps the latest.
_PAGE = f"""
SELECT {_STORY.sql}, rank, {POSITION}
FROM (
  SELECT *, if({{sort:String}} = 'copies', copies, toUnixTimestamp64Milli(last_seen)) AS rank
  FROM {STORIES}
  WHERE last_seen >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AND copies >= {{copies:Int64}} AND (id, revision) IN (
    SELECT id, max(revision) FROM {STORIES}
    WHERE last_seen >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC') AND copies >= {{copies:Int64}} GROUP BY id
  )
  ORDER BY revision DESC LIMIT 1 BY id
)
WHERE last_seen < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC')
  AND (empty({{subject:Array(String)}}) OR hasAny({{subject:Array(String)}}, subjects))
  AND (empty({{platform:Array(String)}})
       OR arrayExists(name -> has({{platform:Array(String)}}, splitByChar('/', name)[1]), mapKeys(sources)))
  AND {HIGHEST_FIRST}
"""  # noqa: S608 -- only names of our own schema are put in

_ONE = f"SELECT {_STORY.sql} FROM {STORIES} WHERE id = {{id:String}} ORDER BY revision DESC LIMIT 1"  # noqa: S608 -- as above

_POSTS = f"""
SELECT {_LINK.sql}, {POSITION}
FROM {STORY_LINKS}
WHERE story_id = {{id:String}} AND {newest_first("event_at")}
"""  # noqa: S608 -- as above


async def page(
    store: Store,
    *,
    subjects: Sequence[str],
    platforms: Sequence[str],
    since: int,
    until: int,
    copies: int,
    sort: str,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Stories with at least so many copies, last seen in [since, until) milliseconds, and the cursor of the next page.

    `sort`: `copies` or `last_seen`, highest first; a cursor is good for the same order only.
    """
    rows = await store.rows(
        _PAGE,
        {
            **bounds(since, until, before, limit),
            "subject": list(subjects),
            "platform": list(platforms),
            "copies": copies,
            "sort": sort,
        },
    )
    return ranked_page_of(rows, _STORY, limit)


async def story(store: Store, story_id: str) -> dict[str, Any] | None:
    """The story as it is now; None where there is none."""
    rows = await store.rows(_ONE, {"id": story_id})
    return _STORY.record(rows[0]) if rows else None


async def posts(
    store: Store, story_id: str, before: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """The links of the story's posts, newest first, and the cursor of the next page where there may be one."""
    found = await store.rows(_POSTS, {"id": story_id, **bounds(None, None, before, limit)})
    return page_of(found, _LINK, "event_at", limit)
