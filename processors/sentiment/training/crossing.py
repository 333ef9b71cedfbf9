"""Judges what was fitted on the valid splits on the valid splits: each half with what was fitted on the other half alone."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.sentiment.labels import HEADS
from processors.sentiment.measures import Measures, measure
from processors.sentiment.model import SentimentModel
from processors.sentiment.normalise import normalise


def in_first_half(text: str) -> bool:
    """In which half a valid text is; a normalised text decides by itself."""
    return zlib.crc32(text.encode()) % 2 == 0


@dataclass(frozen=True, slots=True)
class Crossing:
    """The same model twice, but for what was fitted on one half of the valid splits each: `first` on the first one."""

    first: SentimentModel
    second: SentimentModel

    def measured(self, rows: Sequence[Mapping[str, Any]], task: str) -> Measures | None:
        """Rows with `text` and `label`, each scored by the model that was not fitted on it; None where no label is known."""
        labels = HEADS[task]
        known = [row for row in rows if row["label"] in labels]
        if not known:
            return None
        texts = [row["text"] for row in known]
        first = np.array([in_first_half(normalise(text)) for text in texts])
        found = np.zeros((len(texts), len(labels)), dtype=np.float32)
        for model, unseen in ((self.first, ~first), (self.second, first)):
            chosen = [text for text, wanted in zip(texts, unseen, strict=True) if wanted]
            found[unseen] = getattr(model.probabilities(chosen), task)
        return measure(found, [row["label"] for row in known], labels)
