"""Trend scores on made-up worlds with planted bursts and traps, and on recorded posts with days on which a price jumped.

Precision, recall and, of planted bursts, time to detection, against others' rules. `python -m tests.bench.trends --parts` measures
what each part of the score brings instead; `--recorded` takes the recorded posts alone.
"""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tests.bench._detectors import HISTORIES, Stage, counts, means, ratios, single
from tests.bench._judging import Setting, Signal, Verdict, calibrate, judge, later
from tests.bench._natural import MONTHS, recorded, told
from tests.bench._world import World, build
from tests.bench.report import Row, report

_CALIBRATED, _JUDGED = 1, 2
"""Seeds of the world on which each contender's thresholds are chosen, and of the one on which it is judged with them."""

_PEERS = ("count_threshold", *(f"mean_k_sigma@{name}" for name in HISTORIES), "1h_against_12h")

Detector = Callable[[World], list[Signal]]


def main() -> int:
    """Measure all; the exit code."""
    stage = Stage()
    parts = "--parts" in sys.argv
    detectors: dict[str, Detector] = {
        "count_threshold": counts,
        **{f"mean_k_sigma@{name}": partial(means, history=steps) for name, steps in HISTORIES.items()},
        "1h_against_12h": ratios,
        "denyut_before": single,
        "denyut": stage.signals,
    }
    if parts:
        # What each part of the score brings: the same without it.
        detectors = {
            "denyut": stage.signals,
            **{f"denyut@{name}": part.signals for name, part in stage.parts()},
        }
    rows: list[Row] = []
    if "--recorded" not in sys.argv:
        rows += _planted(build(_CALIBRATED), build(_JUDGED), detectors, parts=parts)
    natural = recorded()
    if natural is None:
        print("the recorded posts are not here: natural bursts are left out", file=sys.stderr)
    elif not parts:
        rows += _natural(natural, detectors)
    report("trends-parts" if parts else "trends", rows)
    return 0


def _natural(worlds: tuple[World, World], detectors: Mapping[str, Detector]) -> list[Row]:
    """Of recorded posts; when a price jumps because of what, nobody knows to the minute, so no delays."""
    rows = [
        Row(name, f"auc_of_price_jumps@{months}", told(world, detector(world)[-1]), "")
        for name, detector in detectors.items()
        for months, world in zip(MONTHS, worlds, strict=True)
    ]
    return rows + [
        Row("recorded", f"price_jumps@{months}", len(world.bursts), "days of a share")
        for months, world in zip(MONTHS, worlds, strict=True)
    ]


def _planted(
    calibrated: World, judged: World, detectors: Mapping[str, Detector], *, parts: bool
) -> list[Row]:
    contenders = {name: _Contender.of(detector, calibrated, judged) for name, detector in detectors.items()}
    ours = contenders["denyut"]
    peers = [] if parts else _PEERS
    for name in peers:
        # The same score, set so that it tells no later than the peer does.
        contenders[f"denyut@no_later_than_{name}"] = ours.before(contenders[name])
    rows = [row for name, one in contenders.items() for row in _rows(name, one.verdict, ours.verdict)]
    rows += [
        Row(
            f"denyut@no_later_than_{name}",
            f"later_than_{name}",
            later(contenders[f"denyut@no_later_than_{name}"].verdict, contenders[name].verdict),
            "min",
        )
        for name in peers
    ]
    return rows


@dataclass(frozen=True, slots=True)
class _Contender:
    """What it says of both worlds, and how its alerts fare: on the first with the settings chosen there, on the second with the same."""

    calibrated: World
    judged: World
    said: tuple[list[Signal], list[Signal]]
    first: Verdict
    verdict: Verdict

    @classmethod
    def of(cls, detector: Detector, calibrated: World, judged: World) -> "_Contender":
        return cls._set(calibrated, judged, (detector(calibrated), detector(judged)), None)

    def before(self, peer: "_Contender") -> "_Contender":
        return self._set(self.calibrated, self.judged, self.said, peer.first)

    @classmethod
    def _set(
        cls, calibrated: World, judged: World, said: tuple[list[Signal], list[Signal]], before: Verdict | None
    ) -> "_Contender":
        settings = calibrate(calibrated, said[0], before)
        verdicts = (
            judge(world, _due(settings, signals))
            for world, signals in zip((calibrated, judged), said, strict=True)
        )
        return cls(calibrated, judged, said, *verdicts)


def _due(settings: Sequence[Setting], signals: Sequence[Signal]) -> NDArray[np.bool_]:
    masks = [setting.due(signal) for setting, signal in zip(settings, signals, strict=True)]
    due: NDArray[np.bool_] = np.logical_or.reduce(masks)
    return due


def _rows(name: str, verdict: Verdict, ours: Verdict) -> list[Row]:
    delays = sorted(verdict.delays.values())
    rows = [
        Row(name, "f1", verdict.f1, ""),
        Row(name, "precision", verdict.precision, ""),
        Row(name, "recall", verdict.recall, ""),
        Row(name, "false_alerts", verdict.false_alerts, "alerts"),
        Row(name, "time_to_detection_p50", statistics.median(delays) if delays else float("nan"), "min"),
    ]
    if verdict is not ours:
        rows.append(Row(name, "later_than_denyut_where_both_told", later(verdict, ours), "min"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
