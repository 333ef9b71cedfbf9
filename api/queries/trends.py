"""Trend windows: of each window its latest revision."""

from collections.abc import Sequence
from typing import Any

from api.queries.columns import Columns
from api.store import Store
from schemas.tables import TRENDS

_COLUMNS = Columns("trend")

_SQL = f"""
SELECT {_COLUMNS.sql}
FROM (
  SELECT * FROM (
    SELECT * FROM {TRENDS}
    WHERE `start` >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
      AND `start` < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC')
      AND `window` = {{window:String}}
      AND (empty({{kind:Array(String)}}) OR has({{kind:Array(String)}}, subject_kind))
      AND (empty({{subject:Array(String)}}) OR has({{subject:Array(String)}}, subject))
      AND platform = {{platform:String}}
    ORDER BY revision DESC LIMIT 1 BY id
  )
  ORDER BY `start` DESC LIMIT {{windows:UInt32}} BY subject_kind, subject
)
ORDER BY multiIf({{sort:String}} = 'display_score', display_score, {{sort:String}} = 'mentions', toFloat64(mentions),
                 toFloat64(toUnixTimestamp64Milli(`start`))) DESC, `start` DESC, id
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in


async def windows(
    store: Store,
    *,
    window: str,
    kinds: Sequence[str],
    subjects: Sequence[str],
    platform: str,
    since: int,
    until: int,
    sort: str,
    per_subject: int,
    limit: int,
) -> list[dict[str, Any]]:
    """Windows that start in [since, until) milliseconds, of each subject the newest `per_subject`; highest first."""
    rows = await store.rows(
        _SQL,
        {
            "window": window,
            "kind": list(kinds),
            "subject": list(subjects),
            "platform": platform,
            "since": since,
            "until": until,
            "sort": sort,
            "windows": per_subject,
            "limit": limit,
        },
    )
    return [_COLUMNS.record(row) for row in rows]
