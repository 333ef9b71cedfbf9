"""How good probabilities are against labels: macro-F1, accuracy, recall, calibration, confusion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BINS = 10


@dataclass(frozen=True, slots=True)
class Confidences:
    """Texts whose most probable label was given a probability within one bin: how many, how sure, how often right."""

    texts: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one set of texts. Shares are 0 to 1.

    Attributes:
        texts: how many were judged.
        macro_f1: mean F1 of the labels that stand in the set; a prediction outside them counts as a miss.
        macro_recall: mean recall of the same labels.
        calibration_error: mean distance between confidence and accuracy, over ten bins of confidence, weighted by texts.
        calibration: the curve behind it: the bins that hold texts, by their bounds (`0.8-0.9`).
        confusion: for each true label, how often each label was predicted.
    """

    texts: int
    macro_f1: float
    accuracy: float
    macro_recall: float
    calibration_error: float
    calibration: dict[str, Confidences]
    confusion: dict[str, dict[str, int]]


def measure(probabilities: NDArray[np.float32], truth: Sequence[str], labels: Sequence[str]) -> Measures:
    """Judge (texts, labels) probabilities; every true label must be one of `labels`, and there is at least one text."""
    gold = np.array([labels.index(label) for label in truth])
    said = probabilities.argmax(axis=1)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, (gold, said), 1)
    present = np.unique(gold)
    hits = counts.diagonal()[present]
    recall = hits / counts.sum(axis=1)[present]
    f1 = 2 * hits / (counts.sum(axis=1)[present] + counts.sum(axis=0)[present])
    calibration = _calibration(probabilities.max(axis=1), gold == said)
    error = sum(one.texts * abs(one.confidence - one.right) for one in calibration.values()) / len(gold)
    return Measures(
        texts=len(gold),
        macro_f1=float(f1.mean()),
        accuracy=float((gold == said).mean()),
        macro_recall=float(recall.mean()),
        calibration_error=error,
        calibration=calibration,
        confusion={
            labels[row]: {label: int(counts[row, column]) for column, label in enumerate(labels)}
            for row in present
        },
    )


def _calibration(confidence: NDArray[np.float32], right: NDArray[np.bool_]) -> dict[str, Confidences]:
    bins = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    return {
        f"{one / _BINS:.1f}-{(one + 1) / _BINS:.1f}": Confidences(
            int((bins == one).sum()), float(confidence[bins == one].mean()), float(right[bins == one].mean())
        )
        for one in np.unique(bins).tolist()
    }
