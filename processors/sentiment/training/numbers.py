"""Examples as numbers: for each text its kind, and what is to be said of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.ngrams import Ints
from processors.sentiment.labels import HEADS
from processors.sentiment.training.data import KINDS, Example


@dataclass(frozen=True, slots=True)
class Numbers:
    """Arrays beside the texts.

    Attributes:
        train: whether a text is learnt from.
        made: whether it is of no set: a lesson, or one that a tutor labelled.
        kinds: number in KINDS.
        classes: by head, -1 where a text has no label.
        wanted: by head, (texts, classes): how much of each class it is to be, times what the text counts; 0 where it has no label.
    """

    train: NDArray[np.bool_]
    made: NDArray[np.bool_]
    kinds: Ints
    classes: dict[str, Ints]
    wanted: dict[str, Floats]


@dataclass(frozen=True, slots=True)
class Weights:
    """What a label counts that is not a set's own, which counts 1: taken over from the other task, a lesson's, a tutor's."""

    borrowed: float
    lesson: float
    tutored: float


def numbers(examples: Sequence[Example], weights: Weights) -> Numbers:
    """The numbers of examples."""
    classes = {head: _classes(examples, head) for head in HEADS}
    return Numbers(
        train=np.array([one.split == "train" for one in examples]),
        made=np.array([one.lesson or bool(one.chances) for one in examples]),
        kinds=np.array([KINDS.index(one.kind) for one in examples], dtype=np.int64),
        classes=classes,
        wanted={head: _wanted(examples, head, classes[head], weights) for head in HEADS},
    )


def _classes(examples: Sequence[Example], head: str) -> Ints:
    labels = [getattr(one, head) for one in examples]
    return np.array([-1 if one is None else HEADS[head].index(one) for one in labels], dtype=np.int64)


def _wanted(examples: Sequence[Example], head: str, classes: Ints, weights: Weights) -> Floats:
    wanted = np.zeros((len(examples), len(HEADS[head])), dtype=np.float32)
    for row, (one, label) in enumerate(zip(examples, classes, strict=True)):
        if label >= 0:
            counts = weights.borrowed if one.borrowed == head else 1.0
            wanted[row, label] = counts * (weights.lesson if one.lesson else 1.0)
        elif head == "sentiment" and one.chances:
            wanted[row] = weights.tutored * np.array(one.chances, dtype=np.float32)
    return wanted
