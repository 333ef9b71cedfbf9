"""One batch of author partials: what it does to the authors, and who is forgotten for it."""

from collections.abc import Callable, Iterator

from processors.logic.influencers.known import Known
from processors.logic.influencers.rows import Row, added, new_row
from schemas.events import AuthorPartial


class Draft:
    """Collects changes; neither rows nor `known` change before they are committed.

    Of at most `most` authors the longest silent is forgotten first. What becomes of a partial depends on the partials before it
    alone, not on where batches begin. `author` gives a committed row.
    """

    def __init__(self, known: Known, author: Callable[[str], Row | None], most: int) -> None:
        self._known = known
        self._author = author
        self._most = most
        self._touched = known.touched
        self.rows: dict[str, Row | None] = {}
        """Every author that changed, None where one was forgotten."""
        self.forgotten = 0
        """How many times an author was forgotten."""
        self._heard: dict[str, None] = {}
        """Authors told of and remembered, the latest last."""
        self._gone: set[str] = set()
        """Authors forgotten that were remembered before the batch."""
        self._ended: list[tuple[str, Row]] = []
        self._held = len(known)
        self._silent = iter(known.silent)
        self._front = next(self._silent, None)

    def add(self, partial: AuthorPartial) -> bool:
        """Add a partial; False where it tells what follows somebody who is not remembered: a profile needs a post."""
        author = partial["author"]
        row = self._row(author)
        if row is None:
            if not partial["mentions"]:
                return False
            self._make_room()
            self._held += 1
            row = new_row(partial["platform"])
        self.rows[author] = added(row, partial, self._touched)
        self._touched += 1
        self._heard.pop(author, None)
        self._heard[author] = None
        return True

    def changed(self) -> Iterator[tuple[str, Row]]:
        """Every author that changed, as it is now or was when it was forgotten."""
        yield from self._ended
        for author, row in self.rows.items():
            if row is not None:
                yield author, row

    def commit(self) -> None:
        """The batch has committed."""
        self._known.take(self._touched, self._gone, self._heard)

    def _make_room(self) -> None:
        while self._held >= self._most:
            while self._front is not None and (self._front in self._heard or self._front in self._gone):
                self._front = next(self._silent, None)
            author = next(iter(self._heard)) if self._front is None else self._front
            row = self.rows.get(author)
            if row is not None:
                # Others must hear of it as it was last, wherever a batch ends.
                self._ended.append((author, row))
            self._heard.pop(author, None)
            if author in self._known:
                self._gone.add(author)
            self.rows[author] = None
            self.forgotten += 1
            self._held -= 1

    def _row(self, author: str) -> Row | None:
        return self.rows[author] if author in self.rows else self._author(author)
