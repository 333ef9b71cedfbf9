"""Where the sites collector stands with an outlet: what of its list is known, and what is to be tried again."""

from collections.abc import Mapping, Sequence

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from producers.sites.outlets import Site
from producers.web.memory import Memory, key
from schemas.events import Millis

TRIES = 4
"""How often an article that cannot be read is tried, in pauses that double: for more than an hour."""
PAUSE_MS = 600_000
"""The first of these pauses."""


class Failed(BaseModel):
    """How often an article could not be read, and when it is tried again."""

    model_config = ConfigDict(frozen=True)

    tries: int
    due: Millis


class Place(BaseModel):
    """The cursor of one outlet; `failed` are addresses of articles that could not be read."""

    model_config = ConfigDict(frozen=True)

    memory: Memory = Memory()
    failed: Mapping[str, Failed] = {}

    def knows(self, identity: str) -> bool:
        """Whether the article of that identity is done with, or waits to be tried again."""
        return key(identity) in self.memory.seen

    def due(self, now: Millis) -> Sequence[str]:
        """What is to be tried again at `now`."""
        return [url for url, one in self.failed.items() if one.due <= now]

    def read(self, url: str, identity: str) -> "Place":
        """The place once the article is published or refused."""
        rest = {one: failed for one, failed in self.failed.items() if one != url}
        return Place(memory=self.memory.after(self.memory.url, [key(identity)], None, None), failed=rest)

    def missed(self, url: str, identity: str, now: Millis) -> "Place | None":
        """The place once the article could not be read this time; None where it was tried often enough."""
        tries = 1 + (self.failed[url].tries if url in self.failed else 0)
        if tries >= TRIES:
            return None
        failed = Failed(tries=tries, due=now + PAUSE_MS * 2 ** (tries - 1))
        after = self.memory.after(self.memory.url, [key(identity)], None, None)
        return Place(memory=after, failed={**self.failed, url: failed})

    def done(self, url: str, etag: str | None, modified: str | None) -> "Place":
        """The place at the end of a run over the list at `url`; conditions only where nothing of it is left."""
        return Place(memory=self.memory.after(url, [], etag, modified), failed=self.failed)


def stored(cursor: str | None, site: Site) -> Place:
    """The place at `site`; what was told by another list says nothing about this one's changes."""
    if cursor is None:
        return Place()
    try:
        place = Place.model_validate_json(cursor)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", site=site.name)
        return Place()
    if place.memory.url == site.list:
        return place
    forgotten = place.memory.model_copy(update={"etag": None, "modified": None})
    return place.model_copy(update={"memory": forgotten})
