"""Where one collector takes requests, and says which run answers which."""

import hashlib
import re
from collections.abc import Sequence

import structlog

from producers.base import Cursor, Refused
from producers.clock import AHEAD_MS, now_ms
from producers.dead_letter import dead_letter
from producers.requests.book import CHECKPOINT, Book, Owed, stored
from producers.requests.follow import Ordered
from producers.requests.judge import wanted_of
from schemas.errors import Poison
from schemas.events import DeadLetter, Millis

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_KEY_BYTES = 1_000
_NOBODY = "requests"
"""The stage of a dead letter that is nobody's own: every process refuses it, and the letters of all are one."""


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
        self._book = stored(cursor).pruned(now_ms())
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
        if at > now + AHEAD_MS:
            raise Poison(
                "rejected",
                f"it says that it was made {(at - now) // 1000} s from now, "
                f"and more than {AHEAD_MS // 1000} s is no clock that is a little wrong",
            )
        wanted = wanted_of(request, self._sources, self._searching)
        self._book = self._book.owing(request["id"], wanted, request["keywords"])
        return wanted

    def prune(self) -> None:
        """Forget what need not be known any more; takes as long as there are requests that are known."""
        since = self._book.since
        self._book = self._book.pruned(now_ms())
        if self._book.since != since:
            structlog.get_logger().warning(
                "requests_forgotten", collector=self._collector, answered_since=self._book.since
            )

    def mark(self) -> Book:
        """Where it stands, to come back to."""
        return self._book

    def back(self, mark: Book) -> None:
        """Stand where it stood: nothing that was taken since is owed or known."""
        self._book = mark

    def know(self, one: Ordered) -> None:
        """Take `one` no more."""
        name, at = _identity(one)
        self._book = self._book.noted(name, at, now_ms())

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
    """The dead letter of a request, with where it stood; the same from every process, where the request is for none."""
    readable = None if isinstance(one.request, Poison) else one.request
    name = "" if readable is None else f"request {readable['id'][:80]}: "
    own = readable is not None and readable["target"] == collector
    told = Poison(why.reason, f"{name}{why.detail}")
    letter = dead_letter(
        Refused(f"requests:{one.offset}", one.raw, len(one.raw), told), collector if own else _NOBODY
    )
    letter["origin_topic"], letter["origin_partition"] = one.topic, one.partition
    letter["origin_offset"] = one.offset
    letter["key"] = None if one.key is None else one.key[:_KEY_BYTES]
    return letter


def _unanswered(owed: Owed, collector: str) -> DeadLetter:
    raw = owed.model_dump_json().encode()
    why = Poison(
        "rejected", f"request {owed.request[:80]}: {collector} has no source {owed.source!r} any more"
    )
    return dead_letter(Refused(f"requests:{owed.request}", raw, len(raw), why), collector)


def _identity(one: Ordered) -> tuple[str, Millis]:
    """(what a request is known by, when it was made).

    One that cannot be read is known by its bytes, one with an unusual id by a hash of that: whatever is sent, a name is short.
    """
    if isinstance(one.request, Poison):
        return _hashed(one.raw), one.at
    name = one.request["id"]
    return name if _NAME.fullmatch(name) else _hashed(name.encode()), one.request["requested_at"]


def _hashed(given: bytes) -> str:
    return f"#{hashlib.sha256(given).hexdigest()[:32]}"
