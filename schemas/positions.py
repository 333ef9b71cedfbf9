"""The metadata of a committed offset: what its owner still owes, so that others can tell when it is done."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from schemas.errors import Fatal


class Owed(NamedTuple):
    """Positions [start, end) that a sink is about to insert; of the records of some schema ids only, if it names any."""

    start: int
    end: int
    schemas: tuple[int, ...] = ()


def pending_metadata(pending: int) -> str:
    """What a stage commits: how many outputs it still owes without any new input."""
    return orjson.dumps({"pending": pending}).decode() if pending else ""


def range_metadata(ranges: Iterable[Owed]) -> str:
    """What a sink commits before it inserts: the ranges it is about to insert, in order."""
    stored = [
        (owed.start, owed.end, owed.schemas) if owed.schemas else (owed.start, owed.end) for owed in ranges
    ]
    return orjson.dumps({"ranges": stored}).decode() if stored else ""


def pending_ranges(metadata: str) -> list[Owed]:
    """The ranges a sink had stored; empty if none. Raises Fatal where they are not ours."""
    try:
        return [
            Owed(int(first), int(end), tuple(int(schema) for ids in only for schema in ids))
            for first, end, *only in _parsed(metadata).get("ranges", [])
        ]
    except (TypeError, ValueError) as error:
        raise Fatal(f"offset metadata is not ours: {metadata[:80]!r}") from error


def owes(metadata: str) -> bool:
    """Whether the owner of this committed offset has something left to publish or to insert."""
    parsed = _parsed(metadata)
    return bool(parsed.get("pending") or parsed.get("ranges"))


def _parsed(metadata: str) -> dict[str, Any]:
    if not metadata:
        return {}
    try:
        parsed = orjson.loads(metadata)
    except orjson.JSONDecodeError as error:
        raise Fatal(f"offset metadata is not ours: {metadata[:80]!r}") from error
    if not isinstance(parsed, dict):
        raise Fatal(f"offset metadata is not ours: {metadata[:80]!r}")
    return parsed
