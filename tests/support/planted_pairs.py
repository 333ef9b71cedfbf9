"""Generated posts in which pairs of words suddenly occur together, and traps that look like it."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from processors.logic.pairs.counted import name_of
from processors.logic.pairs.wording import Wording

START = 1_440_374_400_000
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_VOCABULARY = 4_000
_WORDS = (6, 12)


@dataclass(frozen=True, slots=True)
class Burst:
    """A pair that was planted, or (`trap`) something that is no burst and only looks like one."""

    name: str
    start: int
    end: int
    trap: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """Posts in the order of their time, what was planted among them, and how long it lasts from `START` on."""

    posts: Sequence[Wording]
    bursts: Sequence[Burst]
    length: int


def build(
    seed: int, *, days: int, an_hour: float, bursts: int, traps: int = 0, warm_hours: int = 24
) -> World:
    """So many days of about so many posts an hour, with a rhythm of days; what is planted comes after `warm_hours`.

    Traps: one author's many posts, reprints of one text, an hour with four times as many posts of all, and everywhere a pair of two
    frequent words that is as frequent as they are.
    """
    return _Maker(seed, days * DAY).world(an_hour, bursts, traps, warm_hours * HOUR)


def polled(world: World, every_ms: int) -> list[tuple[int, Wording]]:
    """(when it is seen, post) in that order: each source is asked every so often, and each at another moment."""
    sources = sorted({post.source for post in world.posts})
    phases = {source: every_ms * number // len(sources) for number, source in enumerate(sources)}
    seen = []
    for post in world.posts:
        since = START + phases[post.source] - every_ms
        seen.append((since + ((post.event_at - since) // every_ms + 1) * every_ms, post))
    return sorted(seen, key=lambda one: one[0])


class _Maker:
    def __init__(self, seed: int, length: int) -> None:
        self._dice = random.Random(seed)
        self._length = length
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
        self._posts: list[Wording] = []

    def world(self, an_hour: float, bursts: int, traps: int, warm: int) -> World:
        # Hours with four times as many posts of all.
        crowded = {self._moment(warm) // HOUR for _ in range(traps)}
        for hour in range(self._length // HOUR):
            rhythm = 0.3 if hour % 24 < 6 else 1.2
            many = 4 if hour in crowded else 1
            for _ in range(round(an_hour * rhythm * many * self._dice.uniform(0.8, 1.2))):
                usual = ["harga", "saham"] if self._dice.random() < 0.08 else []
                self._post(hour * HOUR + self._dice.randrange(HOUR), usual)
        planted = [self._burst(warm) for _ in range(bursts)]
        planted += [(self._busy, self._reprints)[number % 2](warm) for number in range(traps)]
        posts = sorted(self._posts, key=lambda post: (post.event_at, post.post_id))
        return World(posts, planted, self._length)

    def _moment(self, warm: int) -> int:
        return self._dice.randrange(warm, self._length - 2 * HOUR)

    def _pair(self) -> list[str]:
        """Two words that others use, too, and seldom together."""
        one, other = self._dice.sample(range(20, 600), 2)
        return [f"kata{one}", f"kata{other}"]

    def _burst(self, warm: int) -> Burst:
        """8 to 30 posts of as many authors within 4 to 45 minutes."""
        pair, start = self._pair(), self._moment(warm)
        lasting = self._dice.choice((4, 10, 20, 45)) * MINUTE
        for _ in range(self._dice.randint(8, 30)):
            self._post(start + self._dice.randrange(lasting), pair)
        return Burst(name_of(*pair), START + start, START + start + lasting)

    def _busy(self, warm: int) -> Burst:
        pair, start = self._pair(), self._moment(warm)
        for _ in range(40):
            self._post(start + self._dice.randrange(HOUR // 2), pair, author="x:busy")
        return Burst(name_of(*pair), START + start, START + start + HOUR // 2, "one author")

    def _reprints(self, warm: int) -> Burst:
        pair, start = self._pair(), self._moment(warm)
        for number in range(30):
            self._post(start + self._dice.randrange(HOUR // 2), pair, copy=number > 0)
        return Burst(name_of(*pair), START + start, START + start + HOUR // 2, "reprints")

    def _post(self, at: int, said: Sequence[str], *, author: str | None = None, copy: bool = False) -> None:
        words = dict.fromkeys([*said, *self._words()])
        number = len(self._posts)
        self._posts.append(
            Wording(
                f"x:{number}",
                START + at,
                f"feed{number % 7}",
                author or f"x:a{self._dice.randrange(2_000)}",
                ("positive", "negative", "neutral")[number % 3],
                number % 5,
                copy,
                tuple(words)[:12],
            )
        )

    def _words(self) -> Iterator[str]:
        for word in self._dice.choices(
            range(_VOCABULARY), cum_weights=self._weights, k=self._dice.randint(*_WORDS)
        ):
            yield f"kata{word}"
