"""What is usual of every pair of words, in a table of one size whatever the vocabulary: SigniTrend's hashed means and variances.

A pair has three buckets. A bucket learns of each window the largest weight of its pairs; what is usual of a pair is what the one of its
buckets with the lowest mean says, so that others' bursts in one of them are not taken for its own.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from zlib import compress, decompress

import numpy as np
from numpy.typing import NDArray

from processors.logic.pairs.counted import Hashes, Numbers

BUCKETS = 1 << 16
_SHIFT = np.uint64(64 - 16)
_SPREAD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93], np.uint64)[:, None]
_CHUNK = 1 << 13
"""Buckets of one row, which takes 140 kB at most, whatever they hold."""

Floats = NDArray[np.float64]


class Sketch:
    """Means and variances after `seen` windows. The windows in which a bucket learnt nothing count as zeros once it is read."""

    def __init__(self, alpha: float) -> None:
        self.seen = 0
        self._alpha = alpha
        self._mean = np.zeros(BUCKETS, np.float32)
        self._variance = np.zeros(BUCKETS, np.float32)
        self._at = np.zeros(BUCKETS, np.int32)
        self._most = np.zeros(BUCKETS, np.float32)

    def usual(self, pairs: Hashes) -> tuple[Floats, Floats]:
        """(mean, variance) of each of these pairs."""
        means, variances = self._faded(_buckets(pairs))
        lowest = means.argmin(axis=0)[None]
        return (
            np.take_along_axis(means, lowest, axis=0)[0],
            np.take_along_axis(variances, lowest, axis=0)[0],
        )

    def learn(self, pairs: Hashes, weights: Numbers, scale: float) -> None:
        """Learn of one window in which these pairs had these weights, all others none; see `logic.ewma.Baseline.after`."""
        heavy = weights.astype(np.float32)
        buckets = _buckets(pairs)
        for each in buckets:
            np.maximum.at(self._most, each, heavy)
        touched = _different(buckets)
        mean, variance = self._faded(touched)
        weight = max(self._alpha, 1 / (self.seen + 1))
        delta = self._most[touched].astype(np.float64) / scale - mean
        self._most[touched] = 0
        self._mean[touched] = mean + weight * delta
        self._variance[touched] = (1 - weight) * (variance + weight * delta * delta * scale)
        self.seen += 1
        self._at[touched] = self.seen

    def rest(self, windows: int) -> None:
        """Learn of so many windows without a post."""
        self.seen += windows

    def rows(self) -> Iterator[tuple[str, str]]:
        """(key, row) of all that it holds but `seen`."""
        for start in range(0, BUCKETS, _CHUNK):
            part = slice(start, start + _CHUNK)
            held = b"".join(each[part].tobytes() for each in (self._mean, self._variance, self._at))
            yield str(start), b64encode(compress(held, 1)).decode()

    def restore(self, rows: Mapping[str, str], seen: int) -> None:
        """Take what `rows` told."""
        self.seen = seen
        for key, row in rows.items():
            part = slice(int(key), int(key) + _CHUNK)
            held = decompress(b64decode(row))
            self._mean[part] = np.frombuffer(held, np.float32, _CHUNK)
            self._variance[part] = np.frombuffer(held, np.float32, _CHUNK, 4 * _CHUNK)
            self._at[part] = np.frombuffer(held, np.int32, _CHUNK, 8 * _CHUNK)

    def _faded(self, buckets: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """(mean, variance) of buckets with the zeros since they learnt; see `logic.ewma.Baseline.after_zeros`."""
        mean = self._mean[buckets].astype(np.float64)
        variance = self._variance[buckets].astype(np.float64)
        at = self._at[buckets].astype(np.int64)
        counted = np.clip(int(1 / self._alpha), at, self.seen)
        # Up to then all windows counted equally.
        kept = at / np.maximum(counted, 1)
        square = (variance + mean * mean) * kept
        mean *= kept
        variance = np.maximum(square - mean * mean, 0.0)
        kept = (1 - self._alpha) ** (self.seen - counted)
        variance = kept * (variance + mean * mean * (1 - kept))
        return mean * kept, variance


def _different(buckets: NDArray[np.intp]) -> NDArray[np.intp]:
    """Each bucket once, ascending; `np.unique` takes several times as long for the few of a quiet hour."""
    ordered = np.sort(buckets, axis=None)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def _buckets(pairs: Hashes) -> NDArray[np.intp]:
    """Three of each pair."""
    return ((pairs[None] * _SPREAD) >> _SHIFT).astype(np.intp)
