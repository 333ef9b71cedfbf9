"""When an entry was published: with the zone it names, or its feed's."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from producers.web.dates import Precision, moment, stamp, stated
from schemas.events import Millis


def published(entry: Mapping[str, Any], zone: ZoneInfo) -> tuple[Millis | None, Precision]:
    """(time, precision) of `entry`, the first that can be read of its publication and its update; None: no such."""
    for field in ("published", "created", "updated"):
        given = str(entry.get(field) or "").strip()
        found = stated(given, zone) or _parsed(entry.get(f"{field}_parsed"))
        if found is not None:
            return found
    return None, "unknown"


def _parsed(found: Any) -> tuple[Millis, Precision] | None:
    """What feedparser made of it: in UTC, to the second."""
    if found is None:
        return None
    try:
        return stamp(moment(found, UTC), "second")
    except (ValueError, TypeError):
        return None
