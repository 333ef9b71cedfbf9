"""Scores of windows: against which baseline a window is measured, and what the baseline learns from it."""

from collections.abc import Mapping
from typing import Any

from processors.logic.ewma import Baseline
from processors.logic.spans import Spans

ALPHA = {"1m": 0.03, "5m": 0.06, "1h": 0.06, "1d": 0.15}
"""How much one window counts in its baseline: half of it is forgotten in 23 minutes, 56 minutes, 11 hours, 4 days."""

BaselineRow = Mapping[str, list[Any]]
"""By platform, '' for all of them: [mean, variance, windows seen, start of the last window it learnt from]."""


def expected(
    row: BaselineRow | None, platform: str, window: str, start: int, since: int, spans: Spans
) -> tuple[Baseline, bool]:
    """(the baseline before the window that begins at `start`, whether it may learn from that window).

    Windows without a row had no mention and count as zeros, for a new subject back to `since`, where the stretch of time begins
    that was listened to without a break; what was learnt before it is of another time and not used. A window that ended
    before one the baseline has learnt from already counted as a zero there.
    """
    alpha = ALPHA[window]
    known = None if row is None else row.get(platform)
    if known is None or known[3] < since <= start:
        missing = spans.gap(window, since, start) + 1 if start > since else 0
        return Baseline().after_zeros(missing, alpha), True
    mean, variance, seen, last = known
    baseline = Baseline(mean, variance, seen)
    if start <= last:
        return baseline, False
    return baseline.after_zeros(spans.gap(window, last, start), alpha), True


def learnt(baseline: Baseline, window: str, start: int, mentions: int) -> list[Any]:
    """The baseline of one platform after it learnt from a closed window, as it stands in its row."""
    after = baseline.after(mentions, ALPHA[window])
    return [after.mean, after.variance, after.seen, start]
