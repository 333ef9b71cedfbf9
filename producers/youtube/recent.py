"""What of a listing by time is known: the ids read last, and the time before which everything counts as known."""

from collections.abc import Sequence

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.events import Millis

_KEPT = 1_000


class Recent(BaseModel):
    """The cursor of one listing, of a search with its query; `since` is the oldest time of the first look."""

    model_config = ConfigDict(frozen=True)

    query: str = ""
    ids: Sequence[str] = ()
    since: Millis = 0

    def known(self, identity: str, at: Millis | None) -> bool:
        """Whether it was read, or is older than the first look."""
        return identity in self.ids or (at is not None and at < self.since)

    def after(self, ids: Sequence[str], times: Sequence[Millis]) -> "Recent":
        """The memory once these were read, newest first, with their times."""
        since = self.since or min(times, default=0)
        return Recent(query=self.query, ids=list(dict.fromkeys([*ids, *self.ids]))[:_KEPT], since=since)


def stored(cursor: str | None, query: str = "") -> Recent:
    """The memory; a new one where there is none, or of another query."""
    if cursor is None:
        return Recent(query=query)
    try:
        recent = Recent.model_validate_json(cursor)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", cursor=cursor[:80])
        return Recent(query=query)
    return recent if recent.query == query else Recent(query=query)
