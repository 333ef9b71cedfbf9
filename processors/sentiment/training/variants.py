"""Variants of texts: what nobody wrote, but a tutor can label, so that whoever learns from it sees where it draws the line.

A small model that learns from a large one does better with many texts near those that matter than with those alone (Jiao et al., "TinyBERT", 2020,
there with words exchanged by a language model).
"""

import random
from collections.abc import Sequence

_DROPPED = 0.15
_EXCHANGED = 0.2
_FEWEST = 4
"""Words that a text has at least that is varied."""


def variants(texts: Sequence[str], times: int, seed: str) -> list[str]:
    """So many of each text of four words or more, by chance: some words dropped, some exchanged for those of other texts, or its end for another's end.

    The same seed gives the same ones; a variant may be equal to its text.
    """
    chance = random.Random(seed)  # noqa: S311 -- to draw words, not secrets
    split = [words for text in texts if len(words := text.split()) >= _FEWEST]
    made = []
    for words in split:
        for _ in range(times):
            other = chance.choice(split)
            made.append(" ".join(chance.choice(_CHANGES)(words, other, chance)))
    return made


def _shorter(words: Sequence[str], _: Sequence[str], chance: random.Random) -> list[str]:
    kept = [word for word in words if chance.random() >= _DROPPED]
    return kept or list(words)


def _exchanged(words: Sequence[str], other: Sequence[str], chance: random.Random) -> list[str]:
    return [chance.choice(other) if chance.random() < _EXCHANGED else word for word in words]


def _spliced(words: Sequence[str], other: Sequence[str], chance: random.Random) -> list[str]:
    """The first words of the one and the last of the other."""
    return [
        *words[: chance.randint(1, len(words) - 1)],
        *other[chance.randint(1, len(other) - 1) :],
    ]


_CHANGES = (_shorter, _exchanged, _spliced)
