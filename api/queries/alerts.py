"""Landed alerts, everyone's and an owner's, newest first, page by page."""

from collections.abc import Collection, Sequence
from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns
from api.queries.pages import POSITION, among, bounds, newest_first, page_of, within
from api.store import Store
from schemas.tables import ALERTS

_COLUMNS = Columns("alert")

_SQL = f"""
SELECT {_COLUMNS.sql}, {POSITION}
FROM {ALERTS}
WHERE (owner IS NULL AND {{everyones:Bool}} OR owner = {{owner:String}})
  AND kafka_offset < arrayElement({{landed:Array(Int64)}}, kafka_partition + 1)
  AND {within("fired_at")}
  AND {among("rule_id", "kind", "severity", "subject", "platform")}
  AND {newest_first("fired_at")}
"""  # noqa: S608 -- only names of our own schema are put in


async def page(
    store: Store,
    *,
    landed: Sequence[int],
    owners: Collection[str | None],
    narrowing: dict[str, list[str]],
    since: int | None,
    until: int | None,
    before: Cursor | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """At most `limit` alerts below the offsets `landed`, and the cursor of the next page where there may be one.

    `owners` are whose: None stands for everyone's, and besides there is one at most. `narrowing` has values of rule_id, kind, severity, subject and platform; an empty list does not restrict.
    """
    # Nobody's name is empty.
    owner = next((one for one in owners if one is not None), "")
    whose = {"everyones": None in owners, "owner": owner}
    found = await store.rows(
        _SQL, {"landed": list(landed), **whose, **narrowing, **bounds(since, until, before, limit)}
    )
    return page_of(found, _COLUMNS, "fired_at", limit)
