"""The metadata of a committed offset: what its owner still owes, so that others can tell when it is done."""

from typing import Any

import orjson

from schemas.errors import Fatal


def pending_metadata(pending: int) -> str:
    """What a stage commits: how many outputs it still owes without any new input."""
    return orjson.dumps({"pending": pending}).decode() if pending else ""


def range_metadata(ranges: list[tuple[int, int]]) -> str:
    """What a sink commits before it inserts: the ranges [from, to) it is about to insert, in order."""
    return orjson.dumps({"ranges": ranges}).decode() if ranges else ""


def pending_ranges(metadata: str) -> list[tuple[int, int]]:
    """The ranges [from, to) a sink had stored; empty if none."""
    return [(int(first), int(end)) for first, end in _parsed(metadata).get("ranges", [])]


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
