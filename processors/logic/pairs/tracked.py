"""The pairs that are told of: what is usual of each by its own windows, no longer by buckets that it shares."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from processors.logic.ewma import Baseline
from processors.logic.pairs.counted import Counted, Hashes, pair_hash
from processors.logic.pairs.level import ALPHA, Level
from processors.logic.pairs.wording import Wording
from processors.logic.spans import MINUTE_MS


@dataclass(slots=True)
class Tracked:
    """One pair. `since`: the start of the window that it was found in; `until`: when it is no longer told of.

    `voices` and `score` are those of the window in which it was unusual last. `usual` is of an hour; `last`, by kind of window, [start, mentions] of the last one that had any.
    """

    name: str
    since: int
    until: int
    usual: Baseline
    voices: int = 0
    score: float = 0.0
    last: dict[str, list[int]] = field(default_factory=dict)

    def expected(self, level: Level) -> Baseline:
        """What is usual by now: the hours since the last one that it was learnt of had no mention."""
        return self.usual.after_zeros(level.seen - self.usual.seen, ALPHA)

    def velocity(self, window: str, start: int, end: int, mentions: int) -> float:
        """Mentions a minute more than in the window before; 0 where that was not counted."""
        before = start - (end - start)
        last = self.last.get(window)
        if last is not None and last[0] == before:
            known = last[1]
        elif self.since <= before:
            known = 0
        else:
            return 0.0
        return (mentions - known) / ((end - start) / MINUTE_MS)


class Tracking:
    """All pairs that are told of, no more than `most`: those of the fewest voices go first, of these those with the lowest score.

    So a few authors can make many pairs unusual, and push no pair out that more have said.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._pairs: dict[str, Tracked] = {}
        self._words: dict[str, set[str]] = {}
        self._hashes: tuple[list[str], Hashes] | None = None
        self._changed: set[str] = set()

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, name: str) -> Tracked:
        return self._pairs[name]

    def put(self, one: Tracked) -> None:
        """Track a pair, or note that it has changed."""
        if one.name not in self._pairs:
            self._hashes = None
            self._words[one.name] = set(one.name.split(" "))
        self._pairs[one.name] = one
        self._changed.add(one.name)

    def touched(self, posts: Iterable[Wording]) -> bool:
        """Whether any of them may stand in these posts; False where none does."""
        said = {word for post in posts for word in post.words}
        return any(words <= said for words in self._words.values())

    def places(self, counted: Counted) -> dict[str, int]:
        """Where those stand that the posts of a window have, by name."""
        names, hashes = self._known()
        if not names:
            return {}
        at = np.searchsorted(counted.pairs, hashes)
        found = np.flatnonzero(counted.pairs[np.minimum(at, len(counted.pairs) - 1)] == hashes)
        return {names[number]: int(at[number]) for number in found.tolist()}

    def forget(self, now: int) -> None:
        """Forget those whose time is up, and those that are too many."""
        if len(self) <= self._most and all(one.until > now for one in self._pairs.values()):
            return
        kept = sorted(
            ((one.voices, one.score, one.until, one.name) for one in self._pairs.values() if one.until > now),
            reverse=True,
        )
        over = self._pairs.keys() - {one[-1] for one in kept[: self._most]}
        for name in over:
            self._drop(name)

    def clear(self) -> None:
        """Forget all."""
        for name in list(self._pairs):
            self._drop(name)

    def rows(self) -> Iterator[tuple[str, list[Any] | None]]:
        """(name, row) of what has changed since the last call, None where one is gone."""
        for name in sorted(self._changed):
            one = self._pairs.get(name)
            if one is None:
                yield name, None
                continue
            usual = [one.usual.mean, one.usual.variance, one.usual.seen]
            yield name, [one.since, one.until, usual, one.voices, one.score, dict(one.last)]
        self._changed = set()

    def restore(self, rows: Mapping[str, Sequence[Any]]) -> None:
        """Take what `rows` told."""
        for name, (since, until, usual, voices, score, last) in rows.items():
            self._words[name] = set(name.split(" "))
            self._pairs[name] = Tracked(name, since, until, Baseline(*usual), voices, score, dict(last))

    def _drop(self, name: str) -> None:
        del self._pairs[name], self._words[name]
        self._hashes = None
        self._changed.add(name)

    def _known(self) -> tuple[list[str], Hashes]:
        if self._hashes is None:
            names = sorted(self._pairs)
            self._hashes = names, np.array([pair_hash(name) for name in names], np.uint64)
        return self._hashes
