"""The signature of a text: a sample of its runs of three words, which tells how much of one text stands in another.

The sample is the smallest hashes of all runs (bottom-k, Broder 1997, "On the resemblance and containment of documents"; Cohen and
Kaplan 2007 for samples of different sizes). Below the threshold of the coarser one of two samples both texts are sampled alike, so
of a text that was cut, or that something was put around, all of the smaller side is found in the larger one.
"""

import re
from typing import NamedTuple

import numpy as np

from processors.logic.fingerprint import word_hash

SHINGLE = 3
"""Words in a run."""
SIZE = 64
"""Hashes kept of one text at most."""
LEAST = 6
"""Different runs a text needs, eight words: what is shorter is said by many without one copying the other."""

_WORD = re.compile(r"@\w+|\w+")
# Odd constants that spread what they multiply (those of SplitMix64 and of Fibonacci hashing), one for each place in a run.
_FIRST = np.uint64(0x9E3779B97F4A7C15)
_SECOND = np.uint64(0xBF58476D1CE4E5B9)
_THIRD = np.uint64(0x94D049BB133111EB)
_FOLD, _UPPER = np.uint64(29), np.uint64(32)


class Signature(NamedTuple):
    """`hashes`: the smallest 32-bit hashes of the runs, ascending, little-endian; `shingles`: how many different runs there are."""

    hashes: bytes
    shingles: int


def signature(folded: str) -> Signature | None:
    """The signature of a folded text; None where it says too little to be a story.

    Names that it is addressed to are left out, and so is the mark of a repeated post: they differ between copies.
    """
    words = [word for word in _WORD.findall(folded) if word[0] != "@"]
    if words and words[0] == "rt":
        del words[0]
    if len(words) < SHINGLE + LEAST - 1:
        return None
    hashed = np.fromiter(map(word_hash, words), np.uint64, len(words))
    runs = hashed[:-2] * _FIRST ^ hashed[1:-1] * _SECOND ^ hashed[2:] * _THIRD
    runs = (runs ^ runs >> _FOLD) * _FIRST
    different = np.unique((runs >> _UPPER).astype("<u4"))
    if len(different) < LEAST:
        return None
    return Signature(different[:SIZE].tobytes(), len(different))
