"""How much each term of a story says: TF-IDF over the window, in whole numbers, so that sums of them are exact."""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import nsmallest
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

SCALE = 1_000
"""The length of a story's vector."""
MAX_TERMS = 32
"""Terms of one story's vector at most, those that weigh most: a bound on every sum of vectors."""
PAIR = 0.5
"""What a pair weighs beside a word of the same frequency: its words are counted already."""
YOUNG = 200
"""Stories from which frequencies mean something: a younger window is taken for as large."""

Vector = dict[str, int]

Numbers = NDArray[np.float64]
"""Weights, sums of them, and products and squares of those: whole numbers below 2^53, so what is computed of them is exact."""


class Frequencies:
    """In how many stories of the window each term stands."""

    def __init__(self) -> None:
        self._stories = 0
        self._having: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._having)

    def add(self, terms: Iterable[str]) -> None:
        """A story with these terms has come."""
        self._stories += 1
        self._having.update(set(terms))

    def remove(self, terms: Iterable[str]) -> None:
        """It is forgotten."""
        self._stories -= 1
        for term in set(terms):
            left = self._having[term] - 1
            if left:
                self._having[term] = left
            else:
                del self._having[term]

    def vector(self, terms: Iterable[str]) -> Vector:
        """The terms that say most of a story, which has been added, with their weights; of length SCALE but for rounding.

        Weight: (1 + ln tf) * ln((1 + N) / df), N stories, df of them with the term (Salton and Buckley 1988), half of it
        for pairs.
        """
        stories = max(self._stories, YOUNG)
        weighed: list[tuple[float, str]] = []
        for term, times in Counter(terms).items():
            weight = (1 + log(times)) * log((1 + stories) / self._having[term])
            weighed.append((-weight * PAIR if " " in term else -weight, term))
        kept = nsmallest(MAX_TERMS, weighed)
        length = sqrt(sum(weight * weight for weight, _ in kept))
        rounded = ((term, round(-weight * SCALE / length)) for weight, term in kept if weight)
        return {term: weight for term, weight in rounded if weight}


def heaviest(sums: Mapping[str, int], count: int) -> Vector:
    """So many terms that weigh most, the heaviest first, of equal ones the first by name."""
    if len(sums) > count:
        # Sorting bare numbers is several times quicker than telling terms of equal weight apart.
        least = sorted(sums.values(), reverse=True)[count - 1]
        sums = {term: weight for term, weight in sums.items() if weight >= least}
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    return dict(ordered[:count])


def squared(vector: Vector) -> int:
    """The square of a vector's length."""
    return sum(weight * weight for weight in vector.values())


def dot(one: Vector, other: Vector) -> int:
    """The product of two vectors."""
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other.get(term, 0) for term, weight in one.items())


def cosine(product: int, one_squared: int, other_squared: int) -> float:
    """How alike two vectors are, 0 to 1, by their product and the squares of their lengths."""
    return product / sqrt(one_squared * other_squared) if product else 0.0
