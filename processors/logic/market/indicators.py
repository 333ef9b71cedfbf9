"""Indicators and signals of a bar, each a function of the bar and of the closed bars before it.

None of them carries a state of its own from bar to bar: each reads a bounded window of closed bars. So a candle that
revises an old bar corrupts nothing: the bars whose windows hold it are computed again, and those that differ then get
a revision (`Step.finish` marks them). For the same reason the RSI is Cutler's: Wilder's smoothing
(J. W. Wilder, New Concepts in Technical Trading Systems, 1978) never forgets where it began, so its value would depend on when
this stage first heard of the symbol; Cutler's form takes plain means of the gains and losses of the last 14 changes.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

WINDOW = 20
"""Closed bars that sma_20 and volume_ratio_20 look at; rsi_14 looks at 15."""
LONGEST_PAUSE_MS = 14 * 86_400_000
"""Exchanges rest for at most eleven days (Lunar New Year, Lebaran). What was before a longer pause says nothing of a day: history
of years ago that is replayed before today's quotes must not look like a crash."""
_RSI = 14
_PRECISION = 12
"""Digits kept: what differs by the order of additions alone is no difference."""

DROP, JUMP = "price_drop", "price_jump"


class Closed(NamedTuple):
    """What is needed of a closed bar."""

    close: float
    volume: int


def against(close: float, previous: float | None) -> dict[str, float]:
    """`previous_close` and `change`, the close against the close of the bar before it, a fraction.

    Neither where no bar before it is known; no `change` where that close is 0 or below.
    """
    if previous is None:
        return {}
    if previous <= 0:
        return {"previous_close": previous}
    return {"previous_close": previous, "change": _rounded(close / previous - 1)}


def windowed(before: Sequence[Closed], volume: int, this: Closed | None) -> dict[str, float]:
    """`sma_20`, `rsi_14`, `volume_ratio_20`, each only where enough bars have closed.

    `before`: the closed bars before this one, the latest last, at least WINDOW of them where there are as many; `this`: the
    bar itself if it is closed. `sma_20`: mean of the last 20 closes; `rsi_14`: Cutler's relative strength index, 0-100, 50 where
    nothing moved. Both say of an open bar what held when the last one closed. `volume_ratio_20`: `volume` against the
    mean volume of the 20 closed bars before this one; absent where nothing was traded in them.
    """
    found: dict[str, float] = {}
    closed = [*before, this] if this else before
    if len(closed) >= WINDOW:
        found["sma_20"] = _rounded(sum(bar.close for bar in closed[-WINDOW:]) / WINDOW)
    if len(closed) > _RSI:
        closes = [bar.close for bar in closed[-_RSI - 1 :]]
        moves = [later - earlier for earlier, later in pairwise(closes)]
        gains = sum(move for move in moves if move > 0)
        whole = sum(map(abs, moves))
        found["rsi_14"] = _rounded(100 * gains / whole) if whole else 50.0
    if len(before) >= WINDOW:
        usual = sum(bar.volume for bar in before[-WINDOW:]) / WINDOW
        if usual:
            found["volume_ratio_20"] = _rounded(volume / usual)
    return found


def signals(change: float | None, threshold: float) -> list[str]:
    """`price_drop` or `price_jump` where the change of a day is at least `threshold`, a fraction."""
    if change is None or abs(change) < threshold:
        return []
    return [DROP if change < 0 else JUMP]


def _rounded(value: float) -> float:
    return float(f"{value:.{_PRECISION}g}")
