"""A SimHash of a text: near-copies differ in few of its 64 bits."""

import re
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise, starmap

import numpy as np

_WORD = re.compile(r"\w+")
_BITS = 64
_ALL = (1 << _BITS) - 1
# Odd constants that spread what they multiply (those of SplitMix64 and of Fibonacci hashing).
_FIRST, _SECOND, _MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def fingerprint(folded: str) -> int:
    """64-bit SimHash of a folded text over its words and pairs of neighbours, as a signed integer; 0 without words.

    Numbers are left out: a figure alone does not make a text another one.
    """
    words = [word for word in _WORD.findall(folded) if not word.isdecimal()]
    if not words:
        return 0
    hashes = [*map(word_hash, words)]
    features = {*hashes, *starmap(_pair, pairwise(hashes))}
    bytes_of = np.fromiter(features, "<u8", len(features)).view(np.uint8).reshape(-1, _BITS // 8)
    ones = np.unpackbits(bytes_of, axis=1).sum(axis=0, dtype=np.int64)
    return int.from_bytes(np.packbits(ones * 2 > len(features)).tobytes(), "little", signed=True)


def distance(one: int, other: int) -> int:
    """How many bits of two fingerprints differ, 0-64."""
    return ((one ^ other) & _ALL).bit_count()


@lru_cache(maxsize=50_000)
def word_hash(word: str) -> int:
    """64 bits of a word."""
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def _pair(one: int, next_one: int) -> int:
    mixed = (one * _FIRST ^ next_one * _SECOND) & _ALL
    return (mixed ^ mixed >> 31) * _MIX & _ALL
