"""Whether alerts tell of planted bursts: thresholds are chosen on one world and judged on another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.bench._world import DAY, HOUR, STEP_MIN, World

Scores = NDArray[np.float64]
"""By step and subject."""
_WARM: Final = 3 * DAY
_COOLDOWN: Final = HOUR
_AFTER: Final = HOUR // 2
"""Steps after a burst in which an alert still tells of it."""
_TAIL: Final = HOUR
_MINIMA: Final = (0, 5, 10, 20, 40)
_QUANTILES: Final = 1 - np.geomspace(1e-4, 0.02, 16)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a detector says at each step (at its end), and of how many mentions."""

    score: Scores
    volume: Scores


@dataclass(frozen=True, slots=True)
class Setting:
    """An alert is due where the score reaches `threshold` and the volume `minimum`."""

    threshold: float
    minimum: float

    def due(self, signal: Signal) -> NDArray[np.bool_]:
        """Where."""
        mask: NDArray[np.bool_] = (signal.score >= self.threshold) & (signal.volume >= self.minimum)
        mask[:_WARM] = False
        return mask


@dataclass(frozen=True, slots=True)
class Verdict:
    """How alerts fared; `delays` are minutes from a burst's begin to the end of the step that told of it, by burst."""

    precision: float
    recall: float
    false_alerts: int
    delays: Mapping[int, int]

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def judge(world: World, due: NDArray[np.bool_]) -> Verdict:
    """The verdict over alerts: those within an hour of one before are the same alert, as in the rules of a new stack."""
    delays: dict[int, int] = {}
    near = np.zeros_like(due)
    for number, burst in enumerate(world.bursts):
        told = np.flatnonzero(due[burst.start : burst.end + _AFTER, burst.subject])
        if len(told):
            delays[number] = (int(told[0]) + 1) * STEP_MIN
        near[burst.start : burst.end + _TAIL, burst.subject] = True
    true = false = 0
    for subject in range(due.shape[1]):
        last = -_COOLDOWN - 1
        for step in np.flatnonzero(due[:, subject]):
            if step - last > _COOLDOWN:
                if near[step, subject]:
                    true += 1
                else:
                    false += 1
            last = int(step)
    alerts = true + false
    return Verdict(true / alerts if alerts else 0.0, len(delays) / len(world.bursts), false, delays)


def later(verdict: Verdict, other: Verdict) -> float:
    """By how many minutes, on the average over the bursts that both tell of, the first tells later than the other."""
    both = verdict.delays.keys() & other.delays.keys()
    return sum(verdict.delays[one] - other.delays[one] for one in both) / len(both) if both else 0.0


def calibrate(world: World, signals: Sequence[Signal], before: Verdict | None = None) -> tuple[Setting, ...]:
    """The settings, one for each signal (an alert is due where any says so), with the best F1.

    With `before`, the verdict over another's alerts of the same world: of the settings that tell no later than those.
    """
    ranked = [_ranked(world, signal) for signal in signals]
    if len(signals) == 1:
        return (ranked[0][0][1],)
    never = Setting(float("inf"), 0)
    best, chosen = -1.0, tuple(never for _ in signals)
    for together in product(*([setting for _, setting in one[:30]] + [never] for one in ranked)):
        due = np.logical_or.reduce(
            [setting.due(signal) for setting, signal in zip(together, signals, strict=True)]
        )
        verdict = judge(world, due)
        if verdict.f1 > best and (before is None or later(verdict, before) <= 0):
            best, chosen = verdict.f1, together
    return chosen


def _ranked(world: World, signal: Signal) -> list[tuple[float, Setting]]:
    """(F1, setting) of a grid of settings, the best first."""
    thresholds = np.unique(np.quantile(signal.score[_WARM:], _QUANTILES))
    settings = [Setting(float(one), minimum) for one, minimum in product(thresholds, _MINIMA)]
    return sorted(
        ((judge(world, one.due(signal)).f1, one) for one in settings),
        key=lambda scored: scored[0],
        reverse=True,
    )
