"""What is usual in one kind of window: of every pair, and of all posts together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from processors.logic.ewma import Baseline
from processors.logic.pairs.counted import Counted
from processors.logic.pairs.sketch import Floats, Sketch
from processors.logic.scoring import ALPHAS
from processors.logic.spans import MINUTE_MS

SIZES_MS: Mapping[str, int] = {"5m": 5 * MINUTE_MS, "1h": 60 * MINUTE_MS}
"""The kinds of windows in which pairs are looked for, the shorter first: of two that end together it is closed first."""
KNOWN = 12
"""Windows after which it is known what is usual, so that something may be unusual."""
_PRIOR = 50.0
"""Posts that a ratio is mixed with, so that chance in a small total moves nothing."""
_FARTHEST = 20.0
_JUDGED = 20.0
_MISSED = 0.1
"""Where at least `_JUDGED` posts are expected and less than this share came, nobody listened."""


class Level:
    """The windows of one kind, which are learnt in the order of their time."""

    def __init__(self, window: str, quiet_ms: int) -> None:
        self.window = window
        self.size_ms = SIZES_MS[window]
        self.alpha = ALPHAS[window][-1]
        self._quiet_ms = quiet_ms
        self._last: int | None = None
        """The start of the last window learnt of."""
        self._begin()

    def _begin(self) -> None:
        self.sketch = Sketch(self.alpha)
        self._volume = Baseline()

    @property
    def known(self) -> bool:
        """Whether it is known what is usual."""
        return self.sketch.seen >= KNOWN

    def begin(self, start: int) -> bool:
        """Let the windows before the one that begins at `start` pass, which had no post; whether all began anew.

        Where posts are usual and none came, nobody listened, and nothing is learnt. After a long time without any, what was usual then
        says nothing about now.
        """
        last, self._last = self._last, start
        if last is None:
            return False
        if start - last > self._quiet_ms:
            self._begin()
            return True
        windows = (start - last) // self.size_ms - 1
        if windows > 0 and self._volume.mean < _JUDGED:
            self.sketch.rest(windows)
            self._volume = self._volume.after_zeros(windows, self.alpha)
        return False

    def scale(self, originals: int) -> float:
        """How many times as much as usual is to be expected of every pair in a window of so many posts."""
        if not self.known:
            return 1.0
        ratio = (originals + _PRIOR) / (self._volume.mean + _PRIOR)
        return min(max(ratio, 1 / _FARTHEST), _FARTHEST)

    def scores(self, counted: Counted, bias: float) -> Floats:
        """The score of each pair of a window, before it is learnt of; see `logic.ewma.Baseline.score`."""
        scale = self.scale(counted.originals)
        mean, variance = (each * scale for each in self.sketch.usual(counted.pairs))
        scores: Floats = (counted.weights - np.maximum(mean, bias)) / (
            np.sqrt(np.maximum(variance, mean)) + bias
        )
        return scores

    def usual(self, pair: int) -> Baseline:
        """What is usual of one pair."""
        mean, variance = self.sketch.usual(np.array([pair], np.uint64))
        return Baseline(float(mean[0]), float(variance[0]), self.sketch.seen)

    def learn(self, counted: Counted) -> bool:
        """Learn of a window, unless next to nothing came where posts are usual; whether it was learnt of."""
        mean = self._volume.mean
        if self.known and mean >= _JUDGED and counted.originals < _MISSED * mean:
            return False
        self.sketch.learn(counted.pairs, counted.weights, self.scale(counted.originals))
        self._volume = self._volume.after(counted.originals, self.alpha)
        return True

    def marks(self) -> list[Any]:
        """All that it holds but the rows of its sketch."""
        return [self._last, self.sketch.seen, self._volume.mean, self._volume.variance, self._volume.seen]

    def restore(self, marks: Sequence[Any], rows: Mapping[str, str]) -> None:
        """Take what `marks` and the sketch's `rows` told."""
        self._last, seen, *volume = marks
        self._volume = Baseline(*volume)
        self.sketch.restore(rows, seen)
