"""The posts whose windows have still to be counted, or of which the stored sketches have not learnt, in rows of one batch and five minutes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from processors.logic.pairs.level import SIZES_MS
from processors.logic.pairs.wording import Wording, wording_of, wording_row

STEP_MS = SIZES_MS["5m"]
_ROW_BYTES = 300_000
"""A row is ended by the post that makes it larger: what one post takes is bounded (see `wording`), so no row is too large for a broker."""


class Held:
    """Posts by the five minutes they are of. `each` and `most`: how many there may be of five minutes, and in all."""

    def __init__(self, each: int, most: int) -> None:
        self._each = each
        self._most = most
        self._posts: dict[int, list[Wording]] = {}
        self._keys: dict[int, list[str]] = {}
        self._count = 0
        self._new: dict[int, list[Wording]] = {}
        self._gone: list[str] = []

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[int]:
        return iter(self._posts)

    @property
    def surplus(self) -> int:
        """How many there are too many."""
        return max(self._count - self._most, 0)

    def add(self, post: Wording) -> bool:
        """Hold a post, unless there are enough of its five minutes; whether it is held."""
        start = post.event_at - post.event_at % STEP_MS
        posts = self._posts.setdefault(start, [])
        if len(posts) >= self._each:
            return False
        posts.append(post)
        self._new.setdefault(start, []).append(post)
        self._count += 1
        return True

    def of(self, start: int) -> Sequence[Wording]:
        """The posts of these five minutes."""
        return self._posts.get(start, ())

    def between(self, start: int, end: int) -> list[Wording]:
        """The posts of a stretch that is cut where five minutes end."""
        return [post for step in range(start, end, STEP_MS) for post in self.of(step)]

    def drop(self, start: int) -> None:
        """Let the posts of these five minutes go."""
        self._count -= len(self._posts.pop(start))
        self._gone += self._keys.pop(start, ())
        self._new.pop(start, None)

    def rows(self, offset: int) -> Iterator[tuple[str, list[Any] | None]]:
        """(key, row) of what has come since the last call, None where rows are to be deleted; `offset` is that of the batch."""
        for key in self._gone:
            yield key, None
        for start, posts in self._new.items():
            for number, row in enumerate(_cut(posts)):
                key = f"{start}|{offset}|{number}"
                self._keys.setdefault(start, []).append(key)
                yield key, row
        self._gone, self._new = [], {}

    def restore(self, rows: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        """Take what `rows` told."""
        for key in sorted(rows, key=_in_order):
            start = _in_order(key)[0]
            self._keys.setdefault(start, []).append(key)
            posts = [wording_of(row) for row in rows[key]]
            self._posts.setdefault(start, []).extend(posts)
            self._count += len(posts)


def _cut(posts: Sequence[Wording]) -> Iterator[list[Any]]:
    """Rows of these posts."""
    row: list[Any] = []
    size = 0
    for post in posts:
        one = wording_row(post)
        row.append(one)
        size += len(orjson.dumps(one))
        if size >= _ROW_BYTES:
            yield row
            row, size = [], 0
    if row:
        yield row


def _in_order(key: str) -> tuple[int, ...]:
    return tuple(map(int, key.split("|")))
