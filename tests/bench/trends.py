"""Trend scores on made-up worlds with planted bursts and traps: precision, recall and time to detection, against others' rules."""

import statistics
import sys
from collections.abc import Callable, Sequence

import numpy as np

from tests.bench._detectors import HISTORIES, Stage, counts, means, ratios, single
from tests.bench._judging import Setting, Signal, Verdict, calibrate, judge
from tests.bench._world import World, build
from tests.bench.report import Row, report

_CALIBRATED, _JUDGED = 1, 2
"""Seeds of the world on which each contender's thresholds are chosen, and of the one on which it is judged with them."""

Detector = Callable[[World], list[Signal]]


def main() -> int:
    """Measure all; the exit code."""
    calibrated, judged = build(_CALIBRATED), build(_JUDGED)
    stage = Stage()
    detectors: dict[str, Detector] = {
        "count_threshold": counts,
        **{
            f"mean_k_sigma@{name}": lambda world, steps=steps: means(world, steps)
            for name, steps in HISTORIES.items()
        },  # type: ignore[misc]
        "1h_against_12h": ratios,
        "denyut_before": single,
        "denyut": stage.signals,
    }
    if "--parts" in sys.argv:
        detectors |= {f"denyut@{name}": part.signals for name, part in stage.parts()}
    verdicts = {name: _verdict(detector, calibrated, judged) for name, detector in detectors.items()}
    rows = [row for name, verdict in verdicts.items() for row in _rows(name, verdict, verdicts["denyut"])]
    report("trends", rows)
    return 0


def _verdict(detector: Detector, calibrated: World, judged: World) -> Verdict:
    settings = calibrate(calibrated, detector(calibrated))
    return judge(judged, _due(settings, detector(judged)))


def _due(
    settings: Sequence[Setting], signals: Sequence[Signal]
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    masks = [setting.due(signal) for setting, signal in zip(settings, signals, strict=True)]
    return np.logical_or.reduce(masks)  # type: ignore[no-any-return]


def _rows(name: str, verdict: Verdict, ours: Verdict) -> list[Row]:
    delays = sorted(verdict.delays.values())
    both = verdict.delays.keys() & ours.delays.keys()
    earlier = [verdict.delays[burst] - ours.delays[burst] for burst in both]
    rows = [
        Row(name, "f1", verdict.f1, ""),
        Row(name, "precision", verdict.precision, ""),
        Row(name, "recall", verdict.recall, ""),
        Row(name, "false_alerts", verdict.false_alerts, "alerts"),
        Row(name, "time_to_detection_p50", statistics.median(delays) if delays else float("nan"), "min"),
    ]
    if verdict is not ours and earlier:
        rows.append(Row(name, "later_than_denyut_where_both_told", statistics.mean(earlier), "min"))
    return rows


if __name__ == "__main__":
    sys.exit(main())
