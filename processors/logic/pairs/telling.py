"""The window of a pair as it is told of."""

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from processors.logic.bounded import sample, top
from processors.logic.ewma import Baseline, display
from processors.logic.pairs.finding import Bounds
from processors.logic.pairs.tracked import Tracked
from processors.logic.pairs.wording import Wording
from processors.logic.publishing import trend_id
from processors.logic.sums import MAX_SAMPLES, MAX_SOURCES, MAX_TERMS
from schemas.events import Trend

KIND = "pair"
"""The kind of subject."""


class Window(NamedTuple):
    """A window in one of its revisions."""

    kind: str
    start: int
    end: int
    revision: int
    closed: bool


def trend_of(
    one: Tracked,
    posts: Sequence[Wording],
    window: Window,
    *,
    weight: int,
    score: float,
    expected: Baseline,
    bounds: Bounds,
    computed_at: int,
) -> Trend:
    """The trend of a pair that stands in all of `posts`, which weigh `weight`; `expected` is what the window is measured by."""
    usual, spread = expected.measure(bounds.bias)
    moods = Counter(post.sentiment for post in posts)
    return {
        "id": trend_id(f"{KIND}:{one.name}", "", window.kind, window.start),
        "revision": window.revision,
        "subject_kind": KIND,
        "subject": one.name,
        "platform": "",
        "window": window.kind,
        "start": window.start,
        "end": window.end,
        "mentions": len(posts),
        "copies": sum(post.copy for post in posts),
        "authors": len({post.author for post in posts if post.author is not None}),
        "positive": moods["positive"],
        "negative": moods["negative"],
        "neutral": moods["neutral"],
        "engagement": sum(post.engagement for post in posts),
        "velocity": one.velocity(window.kind, window.start, window.end, len(posts)),
        "score": score,
        "display_score": display(score),
        "baseline": expected.mean,
        "learnt": expected.seen,
        "least": max(bounds.mentions, bounds.voices),
        "weight": weight,
        "expected": [usual] if score > 0 else [],
        "spread": [spread] if score > 0 else [],
        "terms": top(Counter(chain.from_iterable(post.words for post in posts)), MAX_TERMS),
        "sources": top(Counter(post.source for post in posts), MAX_SOURCES),
        "samples": sample((post.post_id for post in posts if post.is_sample), MAX_SAMPLES),
        "closed": window.closed,
        "late": 0,
        "computed_at": computed_at,
    }
