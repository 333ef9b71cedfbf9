"""Examples as numbers: for each text its kind, classes and weights."""

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
    """Arrays beside the texts. `classes` and `weights` are by head; a class is -1 where a text has no label."""

    train: NDArray[np.bool_]
    lessons: NDArray[np.bool_]
    kinds: Ints
    classes: dict[str, Ints]
    weights: dict[str, Floats]


def numbers(examples: Sequence[Example], borrowed: float, lesson: float) -> Numbers:
    """The numbers of examples; a label taken over from the other task weighs `borrowed`, one of a lesson `lesson`."""
    return Numbers(
        train=np.array([one.split == "train" for one in examples]),
        lessons=np.array([one.lesson for one in examples]),
        kinds=np.array([KINDS.index(one.kind) for one in examples], dtype=np.int64),
        classes={head: _classes(examples, head) for head in HEADS},
        weights={
            head: np.array(
                [
                    (borrowed if one.borrowed == head else 1) * (lesson if one.lesson else 1)
                    for one in examples
                ],
                dtype=np.float32,
            )
            for head in HEADS
        },
    )


def _classes(examples: Sequence[Example], head: str) -> Ints:
    labels = [getattr(one, head) for one in examples]
    return np.array([-1 if one is None else HEADS[head].index(one) for one in labels], dtype=np.int64)
