"""What lists of landed rows share: they are newest or highest first, narrowed, and read page by page."""

from typing import Any

from api.cursors import Cursor
from api.queries.columns import Columns

POSITION = "kafka_partition, kafka_offset"
"""What a list selects beside its columns: rows of one time come in the order of their positions."""


def within(time: str) -> str:
    """SQL that keeps rows whose column `time` lies in [since, until)."""
    return (
        f"({{since:Int64}} < 0 OR {time} >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC'))"
        f" AND ({{until:Int64}} < 0 OR {time} < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC'))"
    )


def among(*columns: str) -> str:
    """SQL that keeps rows whose columns have one of the values that parameters of their names list; no values: all."""
    return " AND ".join(
        f"(empty({{{column}:Array(String)}}) OR has({{{column}:Array(String)}}, toString({column})))"
        for column in columns
    )


def newest_first(time: str) -> str:
    """SQL that keeps what comes after the cursor in a list that is newest first by `time`, in that order, cut to the page."""
    return (
        f"({{before_at:Int64}} < 0 OR (toUnixTimestamp64Milli({time}), kafka_partition, kafka_offset)"
        " < ({before_at:Int64}, {before_partition:Int32}, {before_offset:Int64}))"
        f" ORDER BY {time} DESC, kafka_partition DESC, kafka_offset DESC LIMIT {{limit:UInt32}}"
    )


HIGHEST_FIRST = (
    "({before_at:Int64} < 0 OR (rank, kafka_partition, kafka_offset)"
    " < ({before_at:Int64}, {before_partition:Int32}, {before_offset:Int64}))"
    " ORDER BY rank DESC, kafka_partition DESC, kafka_offset DESC LIMIT {limit:UInt32}"
)
"""SQL as of `newest_first`, for a list whose column `rank`, a whole number, decides."""


def bounds(since: int | None, until: int | None, before: Cursor | None, limit: int) -> dict[str, int]:
    """The parameters of `within` and `newest_first`."""
    at, partition, offset = before or (-1, 0, 0)
    return {
        "since": -1 if since is None else since,
        "until": -1 if until is None else until,
        "before_at": at,
        "before_partition": partition,
        "before_offset": offset,
        "limit": limit,
    }


def page_of(
    rows: list[dict[str, Any]], columns: Columns, time: str, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """The records of a page, and the cursor of the next one where there may be one."""
    return _page(rows, columns, f"{time}_ms", limit)


def ranked_page_of(
    rows: list[dict[str, Any]], columns: Columns, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """The same of a list by `HIGHEST_FIRST`; its cursor is good for the same order only."""
    return _page(rows, columns, "rank", limit)


def _page(
    rows: list[dict[str, Any]], columns: Columns, order: str, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    records = [columns.record(row) for row in rows]
    if len(rows) < limit:
        return records, None
    last = rows[-1]
    return records, (last[order], last["kafka_partition"], last["kafka_offset"])
