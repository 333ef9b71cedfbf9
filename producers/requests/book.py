"""The runs that a collector owes for requests, and the requests it knows: one that is read again is not answered again."""

from collections.abc import Mapping, Sequence

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import Poison
from schemas.events import Millis
from schemas.topics import DAY_MS

CHECKPOINT = "~requests"
"""The name of the cursor; no source of a collector is called so."""

VALID_MS = DAY_MS
"""After which a request is answered no more. Kafka may keep records longer than that, so ids of these need not be known."""

_MOST_OWED = 500


class Owed(BaseModel):
    """A run over `source` for the request `request`, which names `keywords`."""

    model_config = ConfigDict(frozen=True)

    request: str
    source: str
    keywords: tuple[str, ...] = ()


class Book(BaseModel):
    """The cursor: what is owed, oldest first, and when the requests that are known were made."""

    model_config = ConfigDict(frozen=True)

    owed: tuple[Owed, ...] = ()
    known: Mapping[str, Millis] = {}

    def fresh(self, name: str, at: Millis, now: Millis) -> bool:
        """Whether the request `name`, made at `at`, was neither taken before nor is too old to be answered."""
        return name not in self.known and now - at < VALID_MS

    def noted(self, name: str, at: Millis, now: Millis) -> "Book":
        """The book once that request is known; those that are too old by now need not be any more."""
        kept = {one: made for one, made in self.known.items() if now - made < VALID_MS}
        return self.model_copy(update={"known": {**kept, name: at}})

    def owing(self, name: str, sources: Sequence[str], keywords: Sequence[str]) -> "Book":
        """The book once a run over each of `sources` is owed; raises Poison (rejected) where too many are."""
        if len(self.owed) + len(sources) > _MOST_OWED:
            raise Poison("rejected", f"{len(self.owed)} runs are asked for already, try again later")
        more = tuple(Owed(request=name, source=source, keywords=tuple(keywords)) for source in sources)
        return self.model_copy(update={"owed": (*self.owed, *more)})

    def next(self, source: str) -> Owed | None:
        """What is owed longest of `source`."""
        return next((one for one in self.owed if one.source == source), None)

    def answered(self, owed: Owed) -> "Book":
        """The book once that run was told of."""
        return self.model_copy(update={"owed": tuple(one for one in self.owed if one is not owed)})


def stored(cursor: str | None) -> Book:
    """The book in a cursor; an empty one where it cannot be read."""
    if cursor is None:
        return Book()
    try:
        return Book.model_validate_json(cursor)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", cursor=cursor[:80])
        return Book()
