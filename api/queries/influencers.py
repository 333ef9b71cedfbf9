"""Landed profiles of authors: of each its latest revision."""

from collections.abc import Sequence
from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns
from api.queries.pages import HIGHEST_FIRST, POSITION, bounds, ranked_page_of
from api.store import Store
from schemas.tables import INFLUENCER_PROFILES

_PROFILE = Columns("influencer")

# A later revision was active no earlier, so what keeps any revision keeps the latest. Which that is, is chosen by narrow columns:
# whole rows of all revisions would not fit in a reader's memory. Scores are told in hundredths.
_PAGE = f"""
SELECT {_PROFILE.sql}, toInt64(round(score * 100)) AS rank, {POSITION}
FROM (
  SELECT * FROM {INFLUENCER_PROFILES}
  WHERE last_activity >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
    AND (id, revision) IN (
      SELECT id, max(revision) FROM {INFLUENCER_PROFILES}
      WHERE last_activity >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
        AND (empty({{platform:Array(String)}}) OR has({{platform:Array(String)}}, toString(platform)))
      GROUP BY id
    )
  ORDER BY revision DESC LIMIT 1 BY id
)
WHERE last_activity < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC')
  AND ifNull(followers, 0) >= {{followers:Int64}}
  AND (empty({{subject:Array(String)}}) OR hasAny({{subject:Array(String)}}, mapKeys(topics)))
  AND ({{flagged:Int8}} < 0 OR notEmpty(signals) = {{flagged:Int8}})
  AND {HIGHEST_FIRST}
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    *,
    subjects: Sequence[str],
    platforms: Sequence[str],
    since: int,
    until: int,
    followers: int,
    flagged: bool | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Authors last active in [since, until) milliseconds, the highest score first, and the cursor of the next page.

    `flagged`: those with a signal, or those without; None: both.
    """
    rows = await store.rows(
        _PAGE,
        {
            **bounds(since, until, before, limit),
            "subject": list(subjects),
            "platform": list(platforms),
            "followers": followers,
            "flagged": -1 if flagged is None else int(flagged),
        },
    )
    return ranked_page_of(rows, _PROFILE, limit)
