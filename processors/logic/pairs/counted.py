"""How often each pair of words occurs in the posts of one window, by how many voices, and how much that weighs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from processors.logic.fingerprint import word_hash
from processors.logic.pairs.wording import Wording
from processors.logic.rows import AUTHOR_WEIGHT

Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int32]
"""Places, posts and how many there are: below two thousand million, and an hour may have millions of pairs."""

# Odd constants that spread what they multiply (those of SplitMix64 and of Fibonacci hashing).
_FIRST, _SECOND, _MIX = map(np.uint64, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_SAME_WORDS = 3
_SHIFT = np.uint64(31)


@dataclass(frozen=True, slots=True)
class Counted:
    """The pairs of a window, ascending by their hash, each with its figures.

    `weights`: posts that weigh (see `weighing`), of one author two at most. `voices`: distinct authors of these.
    """

    posts: Sequence[Wording]
    originals: int
    pairs: Hashes
    weights: Numbers
    voices: Numbers
    _starts: Numbers
    _owners: Numbers

    def holders(self, place: int) -> list[int]:
        """The posts that have the pair at that place, by their numbers, copies and all."""
        start = self._starts[place]
        end = self._starts[place + 1] if place + 1 < len(self._starts) else len(self._owners)
        numbers: list[int] = self._owners[start:end].tolist()
        return numbers

    def name(self, place: int) -> str:
        """The two words of the pair at that place, the one that is first in the alphabet first."""
        words = self.posts[self.holders(place)[0]].words
        pair = int(self.pairs[place])
        return next(
            name for one, other in combinations(words, 2) if pair_hash(name := name_of(one, other)) == pair
        )


def name_of(one: str, other: str) -> str:
    """The name of a pair of words, whatever their order."""
    return f"{one} {other}" if one < other else f"{other} {one}"


def pair_hash(name: str) -> int:
    """The 64 bits of a pair."""
    one, other = sorted(map(word_hash, name.split(" ")))
    return int(_mixed(np.array([one], np.uint64), np.array([other], np.uint64))[0])


def weighing(posts: Sequence[Wording]) -> list[bool]:
    """Which posts of a window weigh: no copies, and of those that say the same words two, and one for all others.

    Short posts are not compared with earlier ones, so nobody says which of them are copies.
    """
    weighs = [not post.copy for post in posts]
    same: dict[tuple[str, ...], list[int]] = {}
    for number, post in enumerate(posts):
        if not post.copy:
            same.setdefault(post.words, []).append(number)
    for numbers in same.values():
        if len(numbers) > _SAME_WORDS:
            # The earliest, whatever order they came in.
            numbers.sort(key=lambda number: (posts[number].event_at, posts[number].post_id))
            for number in numbers[_SAME_WORDS:]:
                weighs[number] = False
    return weighs


def count(posts: Sequence[Wording]) -> Counted:
    """Count the pairs of these posts; in whatever order they stand, the figures are the same."""
    pairs, owners = _pairs(posts)
    codes: dict[str, int] = {}
    authors = np.array([codes.setdefault(post.voice, len(codes)) for post in posts], np.int32)
    own = np.array(weighing(posts), np.int32)
    by_author = authors[owners]
    order = np.lexsort((by_author, pairs))
    pairs, owners, by_author = pairs[order], owners[order], by_author[order]
    del order
    is_pair = np.ones(len(pairs), bool)
    is_pair[1:] = pairs[1:] != pairs[:-1]
    is_voice = is_pair.copy()
    is_voice[1:] |= by_author[1:] != by_author[:-1]
    starts, voices = np.flatnonzero(is_pair), np.flatnonzero(is_voice)
    del by_author, is_pair, is_voice
    said = np.add.reduceat(own[owners], voices, dtype=np.int32)
    first = np.searchsorted(voices, starts)
    del voices
    return Counted(
        posts,
        sum(not post.copy for post in posts),
        pairs[starts],
        np.add.reduceat(np.minimum(said, AUTHOR_WEIGHT), first, dtype=np.int32),
        np.add.reduceat(said > 0, first, dtype=np.int32),
        starts.astype(np.int32),
        owners,
    )


def _pairs(posts: Sequence[Wording]) -> tuple[Hashes, Numbers]:
    """(hashes of all pairs of all posts, the number of the post that each is of)."""
    hashes: list[int] = []
    ones, others, sizes = [], [], []
    for post in posts:
        one, other = _places(len(post.words))
        ones.append(one + np.int32(len(hashes)))
        others.append(other + np.int32(len(hashes)))
        sizes.append(len(one))
        hashes += sorted(map(word_hash, post.words))
    table = np.array(hashes, np.uint64)
    found = _mixed(table[np.concatenate(ones)], table[np.concatenate(others)])
    return found, np.repeat(np.arange(len(posts), dtype=np.int32), sizes)


@cache
def _places(size: int) -> tuple[Numbers, Numbers]:
    ones, others = np.triu_indices(size, 1)
    return ones.astype(np.int32), others.astype(np.int32)


def _mixed(ones: Hashes, others: Hashes) -> Hashes:
    mixed = ones * _FIRST ^ others * _SECOND
    spread: Hashes = (mixed ^ mixed >> _SHIFT) * _MIX
    return spread
