"""Pairs of words watched without Kafka: posts in batches, rows as tables would hold them, restarts from them."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import orjson

from processors.logic.pairs.finding import Bounds
from processors.logic.pairs.watch import Limits, Watch
from processors.logic.pairs.wording import Wording
from schemas.events import Trend
from tests.support.planted_pairs import DAY, HOUR, MINUTE, START

LIMITS = Limits(
    each=5_000,
    most=150_000,
    tracked=500,
    quiet_ms=30 * DAY,
    lateness_ms=15 * MINUTE,
    bounds=Bounds(score=6.0, mentions=5, voices=3, bias=0.5),
)
"""As the settings have them."""


class Watcher:
    """A watch, its committed rows, and all that it told."""

    def __init__(self, **limits: Any) -> None:
        self._limits = replace(LIMITS, **limits)
        self.watch = Watch(self._limits)
        self.trends: list[Trend] = []
        self.tables: dict[str, dict[str, Any]] = {"wordings": {}, "sketches": {}, "pairs": {}}
        self.marks: dict[str, Any] = {}
        self._offset = 0

    def tell(self, posts: Sequence[Wording], until: int) -> None:
        """One batch: these posts, then all that ends by `until` is over."""
        for post in posts:
            self.watch.add(post)
        told = list(self.watch.advance(until, 0))
        while self.watch.owes(until):
            told += self.watch.advance(until, 0)
        self.trends += told
        written = {
            "sketches": dict(self.watch.sketches()),
            "wordings": dict(self.watch.wordings(self._offset)),
            "pairs": dict(self.watch.pairs()),
        }
        for table, rows in written.items():
            for key, row in rows.items():
                if row is None:
                    self.tables[table].pop(key, None)
                else:
                    self.tables[table][key] = orjson.dumps(row)
        self.marks = orjson.loads(orjson.dumps(self.watch.marks()))
        self._offset += len(posts)

    def tell_all(self, posts: Sequence[Wording], size: int) -> None:
        """Posts in the order of their time, in batches of that size; each is known to be followed by none before its last."""
        for at in range(0, len(posts), size):
            part = posts[at : at + size]
            self.tell(part, part[-1].event_at)

    def tell_seen(self, seen: Sequence[tuple[int, Wording]]) -> list[tuple[int, Trend]]:
        """Posts when they are seen, minute by minute, by whose clock windows close as where all was read; what was told, and when."""
        heard: list[tuple[int, Trend]] = []
        waiting = deque(seen)
        last = seen[-1][0] + 2 * HOUR
        for now in range(seen[0][0], last, MINUTE):
            come = []
            while waiting and waiting[0][0] <= now:
                come.append(waiting.popleft()[1])
            before = len(self.trends)
            self.tell(come, now)
            heard += ((now, one) for one in self.trends[before:])
        return heard

    def restart(self) -> None:
        """Lose all memory, and come back from the rows."""
        tables = {
            name: {key: orjson.loads(row) for key, row in rows.items()} for name, rows in self.tables.items()
        }
        self.watch = Watch(self._limits)
        self.watch.restore(tables["wordings"], tables["sketches"], tables["pairs"], self.marks)

    def unusual(self, score: float = 6.0) -> set[str]:
        """Names of the pairs that were unusual in any window."""
        return {one["subject"] for one in self.trends if one["score"] >= score}

    def of(self, name: str, window: str) -> list[Trend]:
        """What was told of a pair, in order."""
        return [one for one in self.trends if one["subject"] == name and one["window"] == window]


def told(trends: Iterable[Trend]) -> dict[tuple[str, int], Trend]:
    """By id and revision; none may be told twice."""
    found: dict[tuple[str, int], Trend] = {}
    for one in trends:
        key = one["id"], one["revision"]
        assert key not in found, key
        found[key] = one
    return found


def post(number: int, at: int, words: str, author: str | None = "", *, copy: bool = False) -> Wording:
    """A post by an author of its own, unless said otherwise."""
    author = f"x:a{number}" if author == "" else author
    return Wording(f"x:{number}", at, "feed", author, "positive", 2, copy, tuple(words.split(" ")))


def background(hours: int, start: int = START) -> list[Wording]:
    """Four posts an hour of words that nobody says twice, and `harga saham` in each."""
    return [
        post(10_000 + number, start + number * HOUR // 4, f"harga saham a{number} b{number}")
        for number in range(4 * hours)
    ]
