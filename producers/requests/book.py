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

MOST_KNOWN = 5_000
"""Requests that are known at most. With a name of 64 bytes each they take less than half of a record of Kafka."""

_MOST_OWED = 500
_MOST_OWED_BYTES = 400_000


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
    since: Millis = 0
    """What was made then or before, and is not known, is answered no more: it may be one of those that had to be forgotten."""

    def fresh(self, name: str, at: Millis, now: Millis) -> bool:
        """Whether the request `name`, made at `at`, was neither taken before nor is too old to be answered."""
        return name not in self.known and at > max(self.since, now - VALID_MS)

    def noted(self, name: str, at: Millis, now: Millis) -> "Book":
        """The book once that request is known, for two days at most."""
        return self.model_copy(update={"known": {**self.known, name: min(at, now + VALID_MS)}})

    def pruned(self, now: Millis) -> "Book":
        """The book without those that are too old by now, and with the latest alone where they are too many."""
        young = {name: at for name, at in self.known.items() if now - VALID_MS < at <= now + VALID_MS}
        if len(young) <= MOST_KNOWN:
            return self if len(young) == len(self.known) else self.model_copy(update={"known": young})
        latest = sorted(young, key=young.__getitem__, reverse=True)
        # Never ahead of now: that would refuse what is still to come.
        since = max(self.since, min(young[latest[MOST_KNOWN]], now))
        known = {name: young[name] for name in latest[:MOST_KNOWN]}
        return self.model_copy(update={"known": known, "since": since})

    def owing(self, name: str, sources: Sequence[str], keywords: Sequence[str]) -> "Book":
        """The book once a run over each of `sources` is owed; raises Poison (rejected) where too many are, or too large ones."""
        if len(self.owed) + len(sources) > _MOST_OWED:
            raise Poison("rejected", f"{len(self.owed)} runs are asked for already, try again later")
        more = tuple(Owed(request=name, source=source, keywords=tuple(keywords)) for source in sources)
        owed = (*self.owed, *more)
        if sum(len(one.model_dump_json().encode()) for one in owed) > _MOST_OWED_BYTES:
            raise Poison(
                "rejected",
                f"{len(self.owed)} runs are asked for already, and with these keywords it is too much",
            )
        return self.model_copy(update={"owed": owed})

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
