"""The usual share of negative and of positive mentions of a subject, learnt from its closed windows.

A row is `[negative, positive, mentions, windows, last start, [[start, negative, positive, mentions, windows], …]]`: the exponentially
weighted means of the three counts, over how many windows, the last window learnt from, and what was known before each of the
latest windows, by which their later revisions are judged.
"""

from typing import Any, NamedTuple

from schemas.events import Millis, Trend

ALPHA = {"1m": 0.03, "5m": 0.06, "1h": 0.06, "1d": 0.15}
"""How much one window counts: half of it is forgotten in 23 minutes, 56 minutes, 11 hours, 4 days."""

ShareRow = list[Any]

YOUNG = 5
"""Windows with mentions that must have been learnt from before anything is judged."""
_REMEMBERED = 12


class Usual(NamedTuple):
    """What was known before a window. A share of means, so that a window counts by its mentions."""

    negative: float
    positive: float
    mentions: float
    windows: int

    def share(self, sentiment: str) -> float | None:
        """The usual share of `negative` or `positive` mentions; None while too little is known."""
        if self.windows < YOUNG or not self.mentions:
            return None
        return (self.negative if sentiment == "negative" else self.positive) / self.mentions


_NOTHING = Usual(0.0, 0.0, 0.0, 0)


def last_start(row: ShareRow) -> Millis:
    """The start of the last window learnt from."""
    start: Millis = row[4]
    return start


def usual(row: ShareRow | None, trend: Trend) -> Usual | None:
    """What was known before the window; None for one so old that it is forgotten.

    A window that comes after newer ones (late mentions opened it) is judged by what was known before the first newer window.
    """
    if row is None:
        return _NOTHING
    negative, positive, mentions, windows, last, before = row
    start = trend["start"]
    if start > last:
        return _NOTHING if _anew(trend, windows) else Usual(negative, positive, mentions, windows)
    for known in before:
        if start <= known[0]:
            # Of a window older than all that are remembered it is not known what came between.
            forgotten = known is before[0] and start < known[0] and len(before) == _REMEMBERED
            return None if forgotten else Usual(*known[1:])
    return None


def learnt(row: ShareRow | None, trend: Trend) -> ShareRow | None:
    """The row after a closed window; None where it teaches nothing: it was learnt from, or a newer one was.

    The first 1/alpha windows count equally, later ones with weight alpha, as in `logic.ewma`. Windows without mentions have no
    share and are left out.
    """
    if not trend["closed"] or trend["mentions"] == 0:
        return None
    if row is None:
        row = [0.0, 0.0, 0.0, 0, -1, []]
    *means, windows, last, before = row
    if trend["start"] <= last:
        return None
    if _anew(trend, windows):
        means, windows = [0.0, 0.0, 0.0], 0
    weight = max(ALPHA[trend["window"]], 1 / (windows + 1))
    seen = (trend["negative"], trend["positive"], trend["mentions"])
    after = [mean + weight * (count - mean) for mean, count in zip(means, seen, strict=True)]
    kept = [*before, [trend["start"], *means, windows]][-_REMEMBERED:]
    return [*after, windows + 1, trend["start"], kept]


def _anew(trend: Trend, windows: int) -> bool:
    """Whether, for a window after all that was learnt from, another stretch of time has begun (ADR 13).

    Within a stretch the trend's own baseline has learnt from at least as many windows.
    """
    return trend["learnt"] < windows
