"""What is usual in an hour: of every pair, and of all posts together. Of five minutes a twelfth of it is expected."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from processors.logic.ewma import Baseline
from processors.logic.pairs.counted import Counted, Numbers
from processors.logic.pairs.sketch import Floats, Sketch
from processors.logic.scoring import ALPHAS
from processors.logic.spans import MINUTE_MS

HOUR_MS = 60 * MINUTE_MS
SIZES_MS: Mapping[str, int] = {"5m": 5 * MINUTE_MS, "1h": HOUR_MS}
"""The kinds of windows in which pairs are looked for, the shorter first: of two that end together it is closed first."""
KNOWN = 12
"""Hours after which it is known what is usual, so that something may be unusual."""
_COMPARABLE = 0.1
"""Of as many hours it must be known that had at least this share of the posts that now come: the few of an archive say nothing about many."""
_FEW = 5.0
"""Posts that are added on both sides, so that chance in a quiet stream decides nothing."""
ALPHA = ALPHAS["1h"][-1]
_PRIOR = 50.0
"""Posts that a ratio is mixed with, so that chance in a small total moves nothing."""
_FARTHEST = 20.0
_JUDGED = 20.0
_MISSED = 0.1
"""Where at least `_JUDGED` posts are expected and less than this share came, nobody listened."""


class Level:
    """What is learnt of hours, in the order of their time."""

    def __init__(self, quiet_ms: int) -> None:
        self._quiet_ms = quiet_ms
        self._last: int | None = None
        """The start of the hour that is learnt of, or was learnt of last."""
        self._begin()

    def _begin(self) -> None:
        self._sketch = Sketch(ALPHA)
        self._volume = Baseline()
        self._largest: list[int] = []
        """The posts of the hours with the most, `KNOWN` at most, ascending."""

    @property
    def seen(self) -> int:
        """Hours learnt of."""
        return self._sketch.seen

    @property
    def known(self) -> bool:
        """Whether enough hours were learnt of."""
        return self.seen >= KNOWN

    def comparable(self, originals: Numbers, window: str) -> NDArray[np.bool_]:
        """Whether enough hours were learnt of that had about as many posts as come now, of which a window has so many."""
        least = self._largest[0] if len(self._largest) == KNOWN else 0
        now = originals / (SIZES_MS[window] / HOUR_MS)
        enough: NDArray[np.bool_] = least + _FEW >= _COMPARABLE * (now + _FEW)
        return enough & self.known

    def begin(self, start: int) -> bool:
        """Let the hours before the one that begins at `start` pass, which had no post; whether all began anew.

        Where posts are usual and none came, nobody listened, and nothing is learnt. After a long time without any, what was usual then
        says nothing about now.
        """
        last, self._last = self._last, start
        if last is None:
            return False
        if start - last > self._quiet_ms:
            self._begin()
            return True
        hours = (start - last) // HOUR_MS - 1
        if hours > 0 and self._volume.mean < _JUDGED:
            self._sketch.rest(hours)
            self._volume = self._volume.after_zeros(hours, ALPHA)
        return False

    def scale(self, originals: int, window: str) -> float:
        """How many times what is usual in an hour is to be expected of every pair in a window of so many posts."""
        share = SIZES_MS[window] / HOUR_MS
        if not self.known:
            return share
        ratio = (originals + _PRIOR) / (self._volume.mean * share + _PRIOR)
        return share * min(max(ratio, 1 / _FARTHEST), _FARTHEST)

    def scores(self, counted: Counted, places: Numbers, scale: float, bias: float) -> Floats:
        """The scores of these pairs of a window of that scale; see `logic.ewma.Baseline.score`."""
        mean, variance = (each * scale for each in self._sketch.usual(counted.pairs[places]))
        scores: Floats = (counted.weights[places] - np.maximum(mean, bias)) / (
            np.sqrt(np.maximum(variance, mean)) + bias
        )
        return scores

    def usual(self, pair: int) -> Baseline:
        """What is usual of one pair."""
        mean, variance = self._sketch.usual(np.array([pair], np.uint64))
        return Baseline(float(mean[0]), float(variance[0]), self.seen)

    def learn(self, counted: Counted) -> bool:
        """Learn of the hour that was begun, unless next to nothing came where posts are usual; whether it was learnt of."""
        mean = self._volume.mean
        if self.known and mean >= _JUDGED and counted.originals < _MISSED * mean:
            return False
        self._sketch.learn(counted.pairs, counted.weights, self.scale(counted.originals, "1h"))
        self._volume = self._volume.after(counted.originals, ALPHA)
        self._largest = sorted([*self._largest, counted.originals])[-KNOWN:]
        return True

    def marks(self) -> list[Any]:
        """All that it holds but its rows."""
        return [self._last, self.seen, list(self._volume), self._largest]

    def rows(self) -> Mapping[str, str]:
        """The rows of its sketch."""
        return dict(self._sketch.rows())

    def restore(self, marks: Sequence[Any], rows: Mapping[str, str]) -> None:
        """Take what `marks` and `rows` told."""
        self._last, seen, volume, largest = marks
        self._volume, self._largest = Baseline(*volume), list(largest)
        self._sketch.restore(rows, seen)
