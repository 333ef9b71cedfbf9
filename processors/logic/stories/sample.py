"""A signature to be compared: which share of the smaller text stands in the larger one, what everybody prints left out."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.logic.stories.signature import SIZE, Signature

Hashes = npt.NDArray[np.uint32]
Own = Callable[[Hashes], npt.NDArray[np.bool_]]
"""Of which hashes few texts are: see `Frequencies.own`."""

_ALL = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Sample:
    """Hashes of runs of words as they are of their own, ascending, and the threshold below which all of a text's were sampled."""

    hashes: list[int]
    threshold: int

    def below(self, threshold: int) -> int:
        """How many hashes are not above the threshold."""
        return bisect_right(self.hashes, threshold)


def hashes_of(signature: Signature) -> Hashes:
    """The hashes of a signature, ascending."""
    return np.frombuffer(signature.hashes, "<u4")


def sample(signature: Signature, own: Own) -> Sample:
    """What of a text is compared: its hashes without those of boilerplate."""
    hashes = hashes_of(signature)
    threshold = int(hashes[-1]) if signature.shingles > SIZE else _ALL
    kept: list[int] = hashes[own(hashes)].tolist()
    return Sample(kept, threshold)


class Overlap(NamedTuple):
    """What two texts share at the threshold of the coarser sample."""

    share: float
    """Of the smaller text's runs, how many stand in the other: 0 to 1."""
    sampled: int
    """Sampled runs that stand in both."""
    runs: float
    """Runs that stand in both, estimated."""


def overlap(one: Sample, other: Sample) -> Overlap:
    """What two texts share; nothing where nothing of one is left to compare."""
    threshold = min(one.threshold, other.threshold)
    smaller = min(one.below(threshold), other.below(threshold))
    sampled = len(set(one.hashes).intersection(other.hashes)) if smaller else 0
    if not sampled:
        return Overlap(0.0, 0, 0.0)
    return Overlap(sampled / smaller, sampled, sampled * (_ALL + 1) / (threshold + 1))
