"""Scores of windows: by what a window is measured, and what is learnt from it, at several half-lives."""

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

from processors.logic.ewma import Baseline
from processors.logic.spans import Spans

_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S
_SIZES_S = {"1m": 60, "5m": 300, "1h": _HOUR_S, "1d": _DAY_S}
_HALF_LIVES_S = {
    "1m": (6 * _HOUR_S, _DAY_S),
    "5m": (6 * _HOUR_S, _DAY_S),
    "1h": (6 * _HOUR_S, _DAY_S),
    "1d": (4 * _DAY_S, 14 * _DAY_S),
}
"""After how long a window counts half; the shorter first."""

ALPHAS: Mapping[str, tuple[float, ...]] = {
    window: tuple(1 - 0.5 ** (_SIZES_S[window] / half_life) for half_life in half_lives)
    for window, half_lives in _HALF_LIVES_S.items()
}
"""How much one window counts in each of the memories of its kind."""

Memories = tuple[Baseline, ...]
"""What is expected by each half-life; all have seen the same windows."""

_FRESH: Mapping[str, Memories] = {window: (Baseline(),) * len(alphas) for window, alphas in ALPHAS.items()}

BaselineRow = Mapping[str, list[Any]]
"""By platform, '' for all of them: [start of the last window learnt from, windows seen, mean, variance, mean, variance, …]."""

LAST = 0
"""Where the start of the last window learnt from stands in the list of a platform."""


def last_taught(known: BaselineRow) -> int:
    """The start of the last window that any platform has learnt from."""
    last: int = max(one[LAST] for one in known.values())
    return last


def fresh(window: str) -> Memories:
    """Of a subject never heard of."""
    return _FRESH[window]


def unpacked(numbers: Sequence[Any]) -> Memories:
    """Memories from `[seen, mean, variance, mean, variance, …]`."""
    seen = numbers[0]
    return tuple(map(Baseline, numbers[1::2], numbers[2::2], repeat(seen)))


def packed(memories: Sequence[Baseline]) -> list[Any]:
    """`[seen, mean, variance, mean, variance, …]`."""
    numbers: list[Any] = [memories[0].seen]
    for mean, variance, _ in memories:
        numbers += mean, variance
    return numbers


def before(
    known: Sequence[Any] | None, window: str, start: int, since: int, born: int, skipped: int, spans: Spans
) -> tuple[Memories, bool]:
    """(what is known of a platform before the window that begins at `start`, whether that may be learnt from the window).

    Windows without a row had no mention and count as zeros, but for `skipped` of them in which nobody listened. For a new subject
    they go back to `born`. What was learnt before `since`, where the stretch of time begins that was listened to without a
    break, is of another time and not used. A window that ended before one that was learnt from already counted as a zero there.
    """
    if known is None or known[LAST] < since <= start:
        missing = spans.gap(window, born, start) + 1 if start > born else 0
        return _zeros(fresh(window), window, missing - skipped), True
    memories = unpacked(known[1:])
    if start <= known[LAST]:
        return memories, False
    memories = _zeros(memories, window, spans.gap(window, known[LAST], start) - skipped)
    return tuple([_older(one, skipped) for one in memories]) if skipped else memories, True


def passed(memories: Memories, start: int) -> list[Any]:
    """The list of one platform after a window in which nobody listened: it has passed, and taught nothing."""
    return [start, *packed(tuple(_older(one, 1) for one in memories))]


def learnt(memories: Memories, window: str, start: int, value: float, scale: float) -> list[Any]:
    """The list of one platform after a closed window, of which `scale` times as much was expected as of an ordinary one."""
    after = [one.after(value, alpha, scale) for one, alpha in zip(memories, ALPHAS[window], strict=True)]
    return [start, *packed(after)]


def telling(memories: Memories, value: float, bias: float) -> tuple[float, Baseline]:
    """(the score by the memory that makes most of `value`, that memory)."""
    best, *others = [(one.score(value, bias), one) for one in memories]
    for scored in others:
        if scored[0] > best[0]:
            best = scored
    return best


def _zeros(memories: Memories, window: str, count: int) -> Memories:
    if count <= 0:
        return memories
    return tuple([one.after_zeros(count, alpha) for one, alpha in zip(memories, ALPHAS[window], strict=True)])


def _older(one: Baseline, windows: int) -> Baseline:
    return Baseline(one.mean, one.variance, one.seen + windows)
