"""What of a listing by time, newest first, is new: the ids read last are known, and what is older than the first look."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from producers.base import Refused
from schemas.errors import Poison
from schemas.events import Millis

PAGES = 5
"""Pages that are read of a listing in one run."""

_KEPT = 1_000


class Listed(NamedTuple):
    """One line of a listing: an id and its time, where that is said."""

    id: str
    at: Millis | None


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


@dataclass
class Fresh:
    """What is new of a listing, newest first, and whether something known was met."""

    listed: list[tuple[Listed, Any]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    met: bool = False
    more: bool = False

    def after(self, recent: Recent) -> str:
        """The cursor that follows."""
        times = [one.at for one, _ in self.listed if one.at is not None]
        return recent.after([one.id for one, _ in self.listed], times).model_dump_json()

    def lost(self, recent: Recent) -> str | None:
        """What the run has to say where the listing goes on further than it is read."""
        beyond = self.more and not self.met and bool(recent.ids)
        return f"more is new than {PAGES} pages, what is beyond them is lost" if beyond else None


def fresh(pages: Iterable[list[Any]], read: Callable[[Any], Listed], recent: Recent, origin: str) -> Fresh:
    """What is new in a listing, page by page until one names what is known; the first time one page.

    `read` may raise Poison: such a line is refused, with `origin`.
    """
    found = Fresh()
    taken: set[str] = set()
    for number, page in enumerate(pages, 1):
        for raw in page:
            try:
                listed = read(raw)
            except Poison as why:
                said = orjson.dumps(raw)
                found.refused.append(Refused(origin, said, len(said), why))
                continue
            if listed.id in taken:
                # Moved on to this page by what was published since the one before: it says nothing of what follows.
                continue
            if recent.known(listed.id, listed.at):
                found.met = True
                continue
            taken.add(listed.id)
            found.listed.append((listed, raw))
        if found.met or number >= PAGES or not recent.ids:
            found.more = True
            break
    return found
