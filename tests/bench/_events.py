"""Partials and posts as the bench of stages feeds them; seeded."""

import random
import time
from collections.abc import Iterator
from typing import Any

from processors.logic.authors import sketch
from schemas.events import Post
from tests.support.reprints import reprints
from tests.support.stages import CODEC, posts
from tests.support.windows import partial

MINUTE = 60_000
_SPAN_MS = 10 * MINUTE
"""Event time that all partials of a run lie in."""
_VARIETY = 200


def partials(
    count: int, subjects: int, span_ms: int = _SPAN_MS, *, in_turn: bool = False
) -> Iterator[tuple[bytes, bytes, int]]:
    """(key, value, timestamp) of partials of so many subjects, each event of any of them (or `in_turn`), three mentions of three authors each.

    Their event times lie in the last `span_ms` but ten minutes; they were enriched now.
    """
    dice = random.Random(7)
    now = time.time_ns() // 1_000_000
    start = now - span_ms - 10 * MINUTE
    start -= start % (10 * MINUTE)
    words = [f"kata{number}" for number in range(2_000)]
    kinds: list[dict[str, Any]] = [
        {
            "authors": sketch([f"x:{dice.randrange(10**6)}" for _ in range(3)]),
            "authored": 3,
            "terms": {word: dice.randint(1, 3) for word in dice.sample(words, 8)},
            "sources": {"feed": 3},
            "samples": [f"x:{dice.randrange(10**12)}" for _ in range(3)],
        }
        for _ in range(_VARIETY)
    ]
    for number in range(count):
        at = start + number * span_ms // count
        subject = f"S{number % subjects if in_turn else dice.randrange(subjects)}"
        one = partial(
            at, subject, mentions=3, source_partition=number % 4, enriched_at=now, **dice.choice(kinds)
        )
        yield f"symbol:{subject}".encode(), CODEC.encode("partial", one), now


def told(count: int) -> list[Post]:
    """So many posts, a third of them copies of others, by a thousand authors, six seconds after one another."""
    now = time.time_ns() // 1_000_000
    start = now - count * 6_000
    start -= start % MINUTE
    return [
        {
            **post,
            "text": f"{one.text} #{('ihsg', 'rupiah', 'saham')[one.number % 3]}",
            "author_id": f"a{one.number % 1_000}",
        }
        for post, one in zip(posts(count, start=start, step_ms=6_000), reprints(3, count), strict=True)
    ]
