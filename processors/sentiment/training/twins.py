"""Near-duplicates: texts of a train split that are a valid text but for a few words, which would make the valid scores a memory test."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

_ALIKE = 0.7
_SHORT = 4


def twins(held: Iterable[str], texts: Sequence[str]) -> set[int]:
    """Numbers of the `texts` that are nearly one of `held`; all are normalised.

    Two texts are alike where their pairs of neighbouring words overlap by 0.7 (Jaccard); of less than four words, where they are equal.
    """
    short: set[str] = set()
    holding: dict[tuple[str, str], list[int]] = defaultdict(list)
    sizes: list[int] = []
    for text in held:
        pairs = _pairs(text)
        if pairs is None:
            short.add(text)
            continue
        for pair in pairs:
            holding[pair].append(len(sizes))
        sizes.append(len(pairs))
    found = set()
    for number, text in enumerate(texts):
        pairs = _pairs(text)
        if pairs is None:
            if text in short:
                found.add(number)
            continue
        shared: Counter[int] = Counter()
        for pair in pairs:
            shared.update(holding.get(pair, ()))
        if any(count >= _ALIKE * (len(pairs) + sizes[other] - count) for other, count in shared.items()):
            found.add(number)
    return found


def _pairs(text: str) -> frozenset[tuple[str, str]] | None:
    """Pairs of neighbouring words; None for a text too short to be judged by them."""
    words = text.split()
    if len(words) < _SHORT:
        return None
    return frozenset(pairwise(words))
