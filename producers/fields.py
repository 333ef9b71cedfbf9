"""Fields of records that an API sends as JSON: what must be there, what may be, each of the type it should have."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from schemas.errors import Poison
from schemas.events import Millis

_MOST = 2**63 - 1
_DIGITS = 18
_YEARS = range(1970, 2200)


def writable(answer: Any) -> Any:
    """`answer`, as Python reads JSON, with nothing in it that cannot be written again.

    Halves of surrogate pairs become question marks, numbers of more than 64 bits floating-point.
    """
    said = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    return json.loads(said, parse_int=_number)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else float(digits)


def needed(record: Mapping[str, Any], name: str) -> str:
    """A text that must be there, or a number as text; raises Poison (malformed) where it is not."""
    found = record.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str) or not found.strip():
        raise Poison("malformed", f"no {name}")
    return found


def text(record: Mapping[str, Any], name: str) -> str | None:
    """A text that may be there and is not blank."""
    found = record.get(name)
    return found if isinstance(found, str) and found.strip() else None


def count(record: Mapping[str, Any], name: str) -> int | None:
    """A number of something, also where it is sent as text; None where there is none."""
    found = record.get(name)
    if isinstance(found, str) and found.isascii() and found.isdigit():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST else None


def part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A record within the record; an empty one where there is none."""
    found = record.get(name)
    return found if isinstance(found, Mapping) else {}


def moment(record: Mapping[str, Any], name: str) -> Millis | None:
    """A time in ISO 8601 or in epoch seconds; None where it is neither."""
    found = record.get(name)
    try:
        if isinstance(found, str):
            at = datetime.fromisoformat(found)
            at = at.replace(tzinfo=at.tzinfo or UTC)
        elif isinstance(found, int | float) and not isinstance(found, bool):
            at = datetime.fromtimestamp(found, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return round(at.timestamp() * 1000) if at.year in _YEARS else None
