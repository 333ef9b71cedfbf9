"""What of a listing is known. Reddit lists newest first and not by its cursors alone: what was named last may be gone."""

from collections.abc import Iterable, Sequence

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

_KEPT = 1_000
"""As many as Reddit lists of anything."""
_BASE = 36


class Seen(BaseModel):
    """The cursor of one listing: the newest ids (in base 36) that were read, and of a search its query.

    What is older than all of them counts as known: either it was read, or it was there before the first look.
    """

    model_config = ConfigDict(frozen=True)

    query: str = ""
    ids: Sequence[str] = ()

    def known(self, identity: str) -> bool:
        """Whether it was read, or lies before what is remembered."""
        return identity in self.ids or (bool(self.ids) and number(identity) < number(self.ids[-1]))

    def after(self, ids: Iterable[str]) -> "Seen":
        """The memory once these were read, too; newest first."""
        newest = sorted({*self.ids, *ids}, key=number, reverse=True)[:_KEPT]
        return Seen(query=self.query, ids=newest)


def number(identity: str) -> int:
    """An id as the number it is: later things have greater ones."""
    return int(identity, _BASE)


def stored(cursor: str | None, query: str = "") -> Seen | None:
    """The memory; None where there is none, or of another query."""
    if cursor is None:
        return None
    try:
        seen = Seen.model_validate_json(cursor)
        for identity in seen.ids:
            number(identity)
    except (ValidationError, ValueError):
        structlog.get_logger().warning("cursor_unreadable", cursor=cursor[:80])
        return None
    return seen if seen.query == query else None
