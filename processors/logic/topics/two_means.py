"""Two-means of stories by cosine: what a topic may really be, if it is two things."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from processors.logic.topics.topic import Kept
from processors.logic.topics.weights import Numbers

ROUNDS = 4
"""Of two-means: what has not settled by then is not two things."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Both parts in the order of the stories, and the cosine of their sums."""

    first: list[Kept]
    second: list[Kept]
    alike: float


def two_means(stories: Sequence[Kept]) -> Parts:
    """Begun with the first story and the one least like it, of equal ones that of the least id."""
    flat = _Flat(stories)
    from_first = flat.products(flat.centre(np.arange(len(stories)) == 0))
    lowest = from_first.min()
    seed = min((at for at, near in enumerate(from_first) if near == lowest), key=lambda at: stories[at].id)
    centres = [flat.centre(np.arange(len(stories)) == at) for at in (0, seed)]
    second = np.zeros(len(stories), dtype=bool)
    for _ in range(ROUNDS):
        near = [flat.products(centre) / (np.sqrt(centre @ centre) or 1.0) for centre in centres]
        second = near[1] > near[0]
        if second.all() or not second.any():
            break
        centres = [flat.centre(~second), flat.centre(second)]
    product = float(centres[0] @ centres[1])
    lengths = float(np.sqrt((centres[0] @ centres[0]) * (centres[1] @ centres[1])))
    return Parts(_chosen(stories, ~second), _chosen(stories, second), product / lengths if product else 0.0)


def _chosen(stories: Sequence[Kept], chosen: Iterable[bool]) -> list[Kept]:
    return [story for story, taken in zip(stories, chosen, strict=True) if taken]


class _Flat:
    """The vectors of stories one behind the other: for every weight its row and its term's number."""

    def __init__(self, stories: Sequence[Kept]) -> None:
        numbers: dict[str, int] = {}
        for story in stories:
            for term in story.vector:
                numbers.setdefault(term, len(numbers))
        vectors = [story.vector for story in stories]
        self._rows = np.repeat(np.arange(len(stories)), [len(vector) for vector in vectors])
        self._terms = np.array([numbers[term] for term in chain.from_iterable(vectors)], dtype=np.intp)
        self._weights: Numbers = np.array(
            [weight for vector in vectors for weight in vector.values()], dtype=np.float64
        )
        self._shape = len(stories), len(numbers)

    def centre(self, chosen: NDArray[np.bool_]) -> Numbers:
        """The sum of the chosen stories, by term."""
        taken = chosen[self._rows]
        summed = np.bincount(self._terms[taken], weights=self._weights[taken], minlength=self._shape[1])
        return summed.astype(np.float64, copy=False)

    def products(self, centre: Numbers) -> Numbers:
        """The product of every story with a centre."""
        near = np.bincount(self._rows, weights=self._weights * centre[self._terms], minlength=self._shape[0])
        return near.astype(np.float64, copy=False)
