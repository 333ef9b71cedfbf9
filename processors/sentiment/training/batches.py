"""Batches of like length, so that little is padding, in an order of chance."""

import random
from collections.abc import Sequence

from processors.sentiment.training.material import Sample

_POOL = 4_096


def batches(samples: Sequence[Sample], tokens: int, seed: str) -> list[list[Sample]]:
    """All samples, each once, in batches of at most `tokens` (or one text); texts of like length are sought among a few thousand."""
    chance = random.Random(seed)  # noqa: S311 -- an order, not a secret
    shuffled = list(samples)
    chance.shuffle(shuffled)
    made: list[list[Sample]] = []
    for begin in range(0, len(shuffled), _POOL):
        batch: list[Sample] = []
        for one in sorted(shuffled[begin : begin + _POOL], key=lambda sample: len(sample.ids)):
            if batch and (len(batch) + 1) * len(one.ids) > tokens:
                made.append(batch)
                batch = []
            batch.append(one)
        if batch:
            made.append(batch)
    chance.shuffle(made)
    return made
