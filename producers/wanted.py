"""What collectors search for at a moment: the active ones among the keywords, each as a query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from producers.base import Batch, Lasting
from schemas.boolean import Dialect, Node, Term, parse, spelled
from schemas.events import Keyword, Millis

NOTHING = "there are no active keywords: `python -m deploy keywords add` makes one"
"""What a run says that had nothing to search for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A keyword to search for now; what was published before `monitoring_start` is not wanted.

    `query` is a Boolean query (schemas/boolean.py) in place of the text, `languages` are ISO 639-1 codes, none: all.
    """

    id: str
    text: str
    category: str
    priority: int
    languages: tuple[str, ...] = ()
    query: str | None = None
    monitoring_start: Millis | None = None

    def tree(self) -> Node:
        """What is searched for; raises ValueError where the query cannot be read."""
        return (
            Term(" ".join(self.text.replace('"', " ").split())) if self.query is None else parse(self.query)
        )

    def spelled(self, dialect: Dialect) -> str:
        """What is searched for as a service spells it; raises ValueError as `tree` does."""
        return spelled(self.tree(), dialect)

    def wants(self, published_at: Millis | None) -> bool:
        """Whether something of that time is wanted; what has no time is."""
        return self.monitoring_start is None or published_at is None or published_at >= self.monitoring_start


def wanted(keywords: Iterable[Keyword], now_ms: Millis) -> Sequence[Wanted]:
    """Those that are active and whose monitoring has begun, the most important first."""
    found = (
        Wanted(
            one["id"],
            one["text"],
            one["category"],
            one["priority"],
            tuple(one["languages"]),
            one["query"],
            one["monitoring_start"],
        )
        for one in keywords
        if one["active"] and one["text"].strip() and (one["monitoring_start"] or 0) <= now_ms
    )
    return sorted(found, key=lambda one: (-one.priority, one.id))


def not_searched(wrong: Sequence[str], of: int) -> Batch:
    """What a run says that could not search for some of its keywords; raises Lasting where it is all of them."""
    told = f"not searched for: {'; '.join(wrong)}"
    if len(wrong) >= of:
        raise Lasting(told)
    return Batch((), (), told)
