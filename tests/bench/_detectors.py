"""What bench-trends compares: the peers' rules by their published descriptions, the score as it was, and the stage's own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from processors.logic.heard import Heard
from processors.logic.rows import AUTHOR_WEIGHT
from processors.logic.scoring import telling
from processors.logic.spans import WINDOWS, Spans
from processors.logic.totals import Totals
from processors.logic.usual import Usual, measured_by
from tests.bench._judging import Scores, Signal
from tests.bench._world import AUTHORED, DAY, HOUR, PLATFORMS, STEP_MIN, WEEK, World

_STEP_MS: Final = STEP_MIN * 60_000
_HOUR_MS: Final = HOUR * _STEP_MS
_START_MS: Final = 1_782_691_200_000  # 2026-06-29T00:00Z, a Monday


def counts(world: World) -> list[Signal]:
    """A fixed number of mentions in five minutes, or in the last hour."""
    return [Signal(one, one) for one in (_slid(world, 1), _slid(world, HOUR))]


def means(world: World, history: int) -> list[Signal]:
    """How many standard deviations above the mean of the windows of the last `history` steps (Socialmetrix)."""
    made = []
    for window in (1, HOUR):
        now = _slid(world, window)
        mean, square = _mean(now, history), _mean(now * now, history)
        # The windows that the present one overlaps are not history.
        mean, square = _later(mean, window), _later(square, window)
        spread = np.sqrt(np.maximum(square - mean * mean, 0.25))
        made.append(Signal((now - mean) / spread, now))
    return made


def ratios(world: World) -> list[Signal]:
    """The last hour against the average hour of the twelve before it (Meltwater)."""
    hour = _slid(world, HOUR)
    before = _later(_slid(world, 12 * HOUR) / 12, HOUR)
    return [Signal(hour / np.maximum(before, 0.5), hour)]


def single(world: World) -> list[Signal]:
    """The score before ADR 24: one half-life of 11 windows, expectation and spread raised by three mentions."""
    return [_single(world, 1), _single(world, HOUR)]


def _single(world: World, window: int) -> Signal:
    mentions = world.all.astype(float)
    steps, subjects = mentions.shape
    so_far = np.cumsum(mentions.reshape(-1, window, subjects), axis=1)
    mean, variance = np.zeros(subjects), np.zeros(subjects)
    score = np.zeros_like(so_far)
    for number, counted in enumerate(so_far):
        if number >= 6:
            score[number] = (counted - np.maximum(mean, 3)) / (np.sqrt(variance) + 3)
        weight = max(0.06, 1 / (number + 1))
        delta = counted[-1] - mean
        variance = (1 - weight) * (variance + weight * delta * delta)
        mean = mean + weight * delta
    return Signal(score.reshape(steps, subjects), so_far.reshape(steps, subjects))


@dataclass(frozen=True, slots=True)
class Stage:
    """The stage's own logic, with parts of it left out; `memory`: the number of a half-life, None for the most telling."""

    capped: bool = True
    totals: bool = True
    seasons: bool = True
    memory: int | None = None
    bias: float = 0.5

    def parts(self) -> Iterator[tuple[str, "Stage"]]:
        """By name: the same without one of its parts."""
        yield "authors_as_they_are", replace(self, capped=False)
        yield "no_totals", replace(self, totals=False)
        yield "no_seasons", replace(self, seasons=False)
        yield "half_life_6h", replace(self, memory=0)
        yield "half_life_24h", replace(self, memory=1)
        yield "bias_3", replace(self, bias=3.0)

    def signals(self, world: World) -> list[Signal]:
        """Windows of five minutes as they close, and of an hour as they fill."""
        spans = Spans("UTC")
        heard = Heard(30 * 86_400_000)
        committed: dict[str, Any] = {}
        totals = Totals(committed.get, spans)
        usual = Usual(committed.get, totals, spans, heard, dict.fromkeys(WINDOWS, 1 << 62))
        fast, slow = self._weights(world, world.authors5, 1), self._weights(world, world.authors60, HOUR)
        steps, subjects = world.all.shape
        score5, score60 = np.zeros((steps, subjects)), np.zeros((steps, subjects))
        names = [f"keyword:{number}" for number in range(subjects)]
        for step in range(steps):
            at = _START_MS + step * _STEP_MS
            heard.add(at)
            if self.totals:
                totals.add(
                    {
                        f"{at} {name}": int(of[step])
                        for name, of in zip(PLATFORMS, world.totals, strict=True)
                        if of[step]
                    }
                )
            for subject in np.flatnonzero(fast[:, step].any(axis=0)):
                told = usual.close("5m", at, names[subject], *self._of(fast[:, step, subject]), alone=False)
                score5[step, subject] = self._score(told, fast[:, step, subject].sum())
            if (step + 1) % HOUR == 0:
                self._close_hour(usual, names, slow, step + 1 - HOUR, score60)
            if not self.seasons:
                for key in [key for key in usual.rows if key.startswith("season|")]:
                    del usual.rows[key]
        return [Signal(score5, fast.sum(axis=0)), Signal(score60, slow.sum(axis=0))]

    def _close_hour(self, usual: Usual, names: list[str], slow: Scores, first: int, score: Scores) -> None:
        start = _START_MS + first * _STEP_MS
        for subject in np.flatnonzero(slow[:, first + HOUR - 1].any(axis=0)):
            so_far = slow[:, first : first + HOUR, subject]
            (weights,) = self._of(so_far[:, -1])
            # As it opens; totals are known when it closes.
            opened = usual.expected("1h", start, names[subject], weights, alone=False)
            closed = usual.close("1h", start, names[subject], *self._of(so_far[:, -1]), alone=False)
            for step in range(HOUR):
                told = closed if step == HOUR - 1 else opened
                score[first + step, subject] = self._score(told, so_far[:, step].sum())

    def _of(self, weights: Scores) -> tuple[dict[str, float], ...]:
        return ({name: float(one) for name, one in zip(PLATFORMS, weights, strict=True) if one},)

    def _weights(self, world: World, authors: tuple[Any, ...], window: int) -> Scores:
        made = []
        for known, mentions, distinct in zip(AUTHORED, world.mentions, authors, strict=True):
            hours = mentions.reshape(-1, window, mentions.shape[1])
            so_far = np.cumsum(hours, axis=1).reshape(mentions.shape)
            made.append(np.minimum(so_far, AUTHOR_WEIGHT * distinct) if known and self.capped else so_far)
        return np.stack(made).astype(float)

    def _score(self, told: Any, weight: float) -> float:
        memories = measured_by(told, "")
        if self.memory is not None:
            memories = (memories[self.memory],)
        return telling(memories, weight, self.bias)[0]


def _slid(world: World, window: int) -> Scores:
    """Mentions of the last `window` steps."""
    return _sum(world.all.astype(float), window)


def _sum(values: Scores, window: int) -> Scores:
    total = np.cumsum(values, axis=0)
    return total - _later(total, window)


def _mean(values: Scores, window: int) -> Scores:
    """The mean of the last `window` steps, of all so far while there are fewer."""
    known = np.minimum(np.arange(1, len(values) + 1), window)[:, None]
    mean: Scores = _sum(values, window) / known
    return mean


def _later(values: Scores, steps: int) -> Scores:
    moved = np.zeros_like(values)
    moved[steps:] = values[:-steps]
    return moved


HISTORIES: Final = {"24h": DAY, "7d": WEEK}
