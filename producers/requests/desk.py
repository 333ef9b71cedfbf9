"""Where one collector takes requests, and says which run answers which."""

import hashlib
from collections.abc import Sequence

from producers.base import Cursor, Refused
from producers.clock import now_ms
from producers.dead_letter import dead_letter
from producers.requests.book import CHECKPOINT, Book, Owed, stored
from producers.requests.follow import Ordered
from producers.requests.judge import wanted_of
from schemas.errors import Poison
from schemas.events import DeadLetter, Millis


class Desk:
    """The requests of one collector; used by the one thread that its loop has."""

    def __init__(self, collector: str, sources: Sequence[str], searching: Sequence[str]) -> None:
        """`searching` are the sources that search for keywords."""
        self._collector = collector
        self._sources = sources
        self._searching = searching
        self._book = Book()

    def load(self, cursor: str | None) -> Sequence[str]:
        """Go on from a stored cursor; the sources of which runs are owed."""
        self._book = stored(cursor)
        return list(dict.fromkeys(one.source for one in self._book.owed if one.source in self._sources))

    def give_up(self) -> Sequence[DeadLetter]:
        """Owe nothing of sources that are no more; a dead letter for each run that was owed of one."""
        gone = [one for one in self._book.owed if one.source not in self._sources]
        for one in gone:
            self._book = self._book.answered(one)
        return [_unanswered(one, self._collector) for one in gone]

    def take(self, one: Ordered) -> Sequence[str]:
        """The sources that are to be read now; none where it was taken before, or is too old.

        Raises Poison where it is refused.
        """
        now, request = now_ms(), one.request
        name, at = _identity(one)
        if not self._book.fresh(name, at, now):
            return ()
        # A refused one is known, too: it is refused once.
        self._book = self._book.noted(name, at, now)
        if isinstance(request, Poison):
            raise request
        if request["target"] != self._collector:
            raise Poison("rejected", f"no collector is called {request['target']!r}")
        wanted = wanted_of(request, self._sources, self._searching)
        self._book = self._book.owing(name, wanted, request["keywords"])
        return wanted

    def next(self, source: str) -> Owed | None:
        """What the next run over `source` answers."""
        return self._book.next(source)

    def answered(self, owed: Owed) -> None:
        """That run is told of."""
        self._book = self._book.answered(owed)

    def cursor(self) -> Cursor:
        """Where it stands."""
        return Cursor(CHECKPOINT, self._book.model_dump_json())


def refusal(one: Ordered, why: Poison, collector: str) -> DeadLetter:
    """The dead letter of a request, with where it stood."""
    name = "" if isinstance(one.request, Poison) else f"request {one.request['id'][:80]}: "
    told = Poison(why.reason, f"{name}{why.detail}")
    letter = dead_letter(Refused(f"requests:{one.offset}", one.raw, len(one.raw), told), collector)
    letter["origin_topic"], letter["origin_partition"] = one.topic, one.partition
    letter["origin_offset"], letter["key"] = one.offset, one.key
    return letter


def _unanswered(owed: Owed, collector: str) -> DeadLetter:
    raw = owed.model_dump_json().encode()
    why = Poison(
        "rejected", f"request {owed.request[:80]}: {collector} has no source {owed.source!r} any more"
    )
    return dead_letter(Refused(f"requests:{owed.request}", raw, len(raw), why), collector)


def _identity(one: Ordered) -> tuple[str, Millis]:
    """(what a request is known by, when it was made); one that cannot be read is known by its bytes."""
    if isinstance(one.request, Poison):
        return f"#{hashlib.sha256(one.raw).hexdigest()[:32]}", one.at
    return one.request["id"], one.request["requested_at"]
