"""The training sets as numbers: n-gram rows, and for each text its kind, classes and weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from processors.sentiment.data import KINDS, Example, load
from processors.sentiment.labels import EMOTIONS, SENTIMENTS
from processors.sentiment.linear import Floats, Ints
from processors.sentiment.normalise import normalise
from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples as numbers. Classes are -1 where a head has no label."""

    rows: csr_matrix
    train: NDArray[np.bool_]
    kinds: Ints
    sentiments: Ints
    emotions: Ints
    sentiment_weights: Floats
    emotion_weights: Floats


def read(data: Path, say: Callable[[str], None]) -> tuple[list[Example], list[str]]:
    """Examples and their normalised texts; texts that also stand in a valid split are kept out of train."""
    examples = list(load(data))
    texts = [normalise(one.text) for one in examples]
    held = {text for text, one in zip(texts, examples, strict=True) if one.split != "train"}
    keep = [at for at, one in enumerate(examples) if one.split != "train" or texts[at] not in held]
    if not any(examples[at].split == "train" for at in keep):
        raise Fatal(f"no training text under {data}")
    say(f"{len(keep)} texts; {len(examples) - len(keep)} left out of train, for they stand in a valid split")
    return [examples[at] for at in keep], [texts[at] for at in keep]


def as_numbers(examples: Sequence[Example], rows: csr_matrix, borrowed: float) -> Corpus:
    """Labels beside the `rows` of the same texts; a label taken over from the other task weighs `borrowed`."""

    def classes(labels: Sequence[str | None], known: Sequence[str]) -> Ints:
        return np.array([-1 if label is None else known.index(label) for label in labels], dtype=np.int64)

    def weights(head: str) -> Floats:
        return np.array([borrowed if one.borrowed == head else 1 for one in examples], dtype=np.float32)

    return Corpus(
        rows=rows,
        train=np.array([one.split == "train" for one in examples]),
        kinds=np.array([KINDS.index(one.kind) for one in examples], dtype=np.int64),
        sentiments=classes([one.sentiment for one in examples], SENTIMENTS),
        emotions=classes([one.emotion for one in examples], EMOTIONS),
        sentiment_weights=weights("sentiment"),
        emotion_weights=weights("emotion"),
    )
