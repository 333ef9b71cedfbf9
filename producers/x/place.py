"""Where the search for one keyword stands. X answers newest first: while older pages wait, both ends are kept.

An id of X holds its time (milliseconds since 2010-11-04 in its upper 42 bits), so a time can be asked for as an id; X takes
no time beside an id.
"""

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.events import Millis

_EPOCH_MS = 1_288_834_974_657
_SHIFT = 22
REACH_MS = 7 * 86_400_000 - 300_000
"""How far back recent search goes: seven days, some minutes less so that the oldest id asked for is still within."""


class Place(BaseModel):
    """The cursor. Everything up to `since` is published; of what is newer, everything from `until` to `newest`.

    `until` is None where no older page waits.
    """

    model_config = ConfigDict(frozen=True)

    query: str = ""
    since: int = 0
    until: int | None = None
    newest: int = 0

    def after(self, ids: list[int], *, more: bool) -> "Place":
        """The place after a page with these ids that older ones follow, or do not."""
        newest = max([self.newest, *ids])
        if more and ids:
            return self.model_copy(update={"until": min(ids), "newest": newest})
        return self.model_copy(update={"since": max(self.since, newest), "until": None, "newest": 0})

    def within(self, first_ms: Millis, now_ms: Millis) -> "Place":
        """The place from which to ask now; `first_ms` is where a search that never was begins."""
        oldest = id_at(now_ms - REACH_MS)
        since = max(self.since, oldest) if self.since else max(id_at(first_ms), oldest)
        if self.until is not None and self.until <= since:
            # The pages that waited are out of reach by now; what is newer than them was read.
            return self.model_copy(update={"since": max(since, self.newest), "until": None, "newest": 0})
        return self.model_copy(update={"since": since})


def id_at(at: Millis) -> int:
    """The greatest id that is older than anything posted at `at` or later."""
    return max(1, ((at - _EPOCH_MS) << _SHIFT) - 1)


def stored(cursor: str | None, query: str) -> Place:
    """The place of `query`; another query of the same keyword begins where the last one had got to."""
    if cursor is None:
        return Place(query=query)
    try:
        place = Place.model_validate_json(cursor)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", query=query)
        return Place(query=query)
    return place if place.query == query else Place(query=query, since=place.since)
