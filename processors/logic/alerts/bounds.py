"""What is forgotten when a table is full."""

from collections.abc import Callable, Iterable, Mapping
from heapq import nsmallest
from typing import Any


def oldest(
    rows: Mapping[str, Any],
    touched: Mapping[str, Any],
    at_most: int,
    age: Callable[[Any], int],
) -> Iterable[str]:
    """Keys to delete so that `at_most` rows stay: those of the lowest `age` among the rows not touched now.

    A tenth more than needed goes, so that a full table is not searched for every new row.
    """
    surplus = len(rows) + sum(key not in rows for key in touched) - at_most
    if surplus <= 0:
        return []
    candidates = ((age(row), key) for key, row in rows.items() if key not in touched)
    return [key for _, key in nsmallest(surplus + at_most // 10, candidates)]
