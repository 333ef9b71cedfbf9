"""The words of a story's excerpt and the pairs they stand in."""

import re
from collections.abc import Iterator
from itertools import pairwise

from processors.logic.folded import fold
from processors.logic.terms import stop_words

MAX_WORDS = 64
"""Words taken of one excerpt at most, the first ones."""
LEAST_LETTERS = 3
LONGEST = 30

_WORD = re.compile(r"[@$]?[^\W\d_][\w'\u2019-]*|[.,;:!?()|\"\u201c\u201d\u2014\u2013]")
# What ends a word in the two languages without changing what it speaks of: possessives, and Indonesian particles.
_ENDING = re.compile(r"(?:['\u2019]s|nya|lah|kah|pun)$")
_KEPT_OF_ENDING = 4
_ANY_LANGUAGE = ""


def runs_of(excerpt: str) -> list[list[str]]:
    """Runs of neighbouring words of an excerpt, folded, cut where a stop word or a mark of punctuation stands between.

    Handles, numbers and words of fewer than three letters are left out; of cashtags the sign is kept, so that `$t` is a word.
    """
    stop = stop_words(_ANY_LANGUAGE)
    runs: list[list[str]] = [[]]
    left = MAX_WORDS
    for found in _WORD.findall(fold(excerpt)):
        word = plain(found)
        if not word or word in stop:
            if runs[-1]:
                runs.append([])
            continue
        runs[-1].append(word)
        left -= 1
        if not left:
            break
    return [run for run in runs if run]


def plain(word: str) -> str:
    """The word without its ending; empty for what is none."""
    if word[0] == "$":
        return word[:LONGEST]
    if word[0] == "@" or not word[0].isalpha():
        return ""
    bare = word.rstrip("-'\u2019_")
    ending = _ENDING.search(bare)
    if ending is not None and ending.start() >= _KEPT_OF_ENDING:
        bare = bare[: ending.start()].rstrip("-")
    return bare[:LONGEST] if len(bare) >= LEAST_LETTERS else ""


def terms_in(runs: list[list[str]]) -> Iterator[str]:
    """Every word, and every pair of neighbours with a space between."""
    for run in runs:
        yield from run
        for one, other in pairwise(run):
            yield f"{one} {other}"
