"""A SimHash of a text: near-copies differ in few of its 64 bits."""

import re
from hashlib import blake2b
from itertools import pairwise

import numpy as np

_WORD = re.compile(r"\w+")
_BITS = 64


def fingerprint(folded: str) -> int:
    """64-bit SimHash of a folded text over its words and pairs of neighbours, as a signed integer; 0 without words."""
    words = [word for word in _WORD.findall(folded) if not word.isdecimal()]
    if not words:
        return 0
    features = {*words, *map(" ".join, pairwise(words))}
    hashed = b"".join(blake2b(feature.encode(), digest_size=8).digest() for feature in features)
    ones = np.unpackbits(np.frombuffer(hashed, np.uint8).reshape(-1, 8), axis=1).sum(axis=0, dtype=np.int64)
    return int.from_bytes(np.packbits(ones * 2 > len(features)).tobytes(), "big", signed=True)


def distance(one: int, other: int) -> int:
    """How many bits of two fingerprints differ, 0-64."""
    return ((one ^ other) & (1 << _BITS) - 1).bit_count()
