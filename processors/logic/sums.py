"""What posts add to one minute of one subject on one platform."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from processors.logic.authors import sketch
from processors.logic.bounded import sample, top

MAX_TERMS = 32
MAX_SOURCES = 32
MAX_SAMPLES = 5


class Sum:
    """Sums of posts; an id that is empty is counted and is no sample."""

    __slots__ = ("authored", "authors", "copies", "counts", "engagement", "ids", "posts", "sources", "terms")

    def __init__(self) -> None:
        self.posts = self.copies = self.engagement = self.authored = 0
        self.counts = {"positive": 0, "negative": 0, "neutral": 0}
        self.authors: set[str] = set()
        self.terms: list[Iterable[str]] = []
        self.sources: list[str] = []
        self.ids: list[str] = []

    def add(
        self,
        post_id: str,
        source: str,
        author: str | None,
        sentiment: str,
        engagement: int,
        terms: Sequence[str] | frozenset[str] | set[str],
    ) -> None:
        """Count one post."""
        self.posts += 1
        self.engagement += engagement
        self.counts[sentiment] += 1
        if author is not None:
            self.authored += 1
            self.authors.add(author)
        self.terms.append(terms)
        self.sources.append(source)
        if post_id:
            self.ids.append(post_id)

    def figures(self) -> dict[str, Any]:
        """The fields of a partial that count."""
        return {
            "mentions": self.posts,
            "copies": self.copies,
            **self.counts,
            "engagement": self.engagement,
            "authored": self.authored,
            "authors": sketch(self.authors),
            "terms": top(Counter(chain.from_iterable(self.terms)), MAX_TERMS),
            "sources": top(Counter(self.sources), MAX_SOURCES),
            "samples": sample(self.ids, MAX_SAMPLES),
        }
