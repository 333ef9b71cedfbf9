"""What is kept of a post for as long as a window that it counts in may have to be counted: its words, and who wrote them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from processors.logic.brief import brief_author, brief_id, brief_name, is_id
from processors.logic.folded import fold
from processors.logic.terms import stop_words
from processors.logic.topics.words import plain
from schemas.events import Fingerprint

MAX_WORDS = 12
"""Words taken of one post at most, the first ones: 66 pairs."""

_WORD = re.compile(r"[@$]?[^\W\d_][\w'\u2019-]*")


class Wording(NamedTuple):
    """One post; `copy`: it says what an earlier one said.

    What others wrote is bounded: of an author 64 bits are kept, of a source its first characters, and an id that is too long is kept
    as 64 bits, too, which are no sample.
    """

    post_id: str
    event_at: int
    source: str
    author: str | None
    sentiment: str
    engagement: int
    copy: bool
    words: tuple[str, ...]

    @property
    def voice(self) -> str:
        """Whose word it is: a post of nobody known is a voice of its own."""
        return self.author or self.post_id

    @property
    def is_sample(self) -> bool:
        """Whether its id is that of the post: each has its platform before a colon."""
        return is_id(self.post_id)


def wording(told: Fingerprint, *, copy: bool) -> Wording | None:
    """The wording of a post; None where it holds no pair, or of its moment only the day is known."""
    if told["day_only"]:
        return None
    words = words_in(told["excerpt"])
    if len(words) < 2:  # noqa: PLR2004 -- a pair
        return None
    return Wording(
        brief_id(told["post_id"]),
        told["event_at"],
        brief_name(told["source"]),
        brief_author(told["author"]),
        told["sentiment"],
        told["engagement"],
        copy,
        words,
    )


def words_in(excerpt: str) -> tuple[str, ...]:
    """Its first different words without the stop words of both languages, as `topics` reads them."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(fold(excerpt)):
        word = _kept(match[0])
        if word:
            found[word] = None
            if len(found) == MAX_WORDS:
                break
    return tuple(found)


@lru_cache(maxsize=20_000)
def _kept(word: str) -> str:
    """The word without its ending; empty where it is none, or says nothing."""
    bare = plain(word)
    return "" if bare in stop_words("") else bare


def wording_row(one: Wording) -> list[Any]:
    """A JSON list."""
    return [*one]


def wording_of(row: Sequence[Any]) -> Wording:
    """What `wording_row` wrote."""
    return Wording(*row)._replace(words=tuple(row[-1]))
