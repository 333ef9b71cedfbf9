"""Each half is judged by the model that was not fitted on it."""

from collections.abc import Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from processors.sentiment.labels import HEADS
from processors.sentiment.model import SentimentModel
from processors.sentiment.normalise import normalise
from processors.sentiment.training.crossing import Crossing, in_first_half


class Known:
    """Says positive with certainty of all it is asked, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def probabilities(self, texts: Sequence[str]) -> Any:
        self.asked += texts
        sure = np.eye(len(HEADS["sentiment"]), dtype=np.float32)[HEADS["sentiment"].index("positive")]
        return SimpleNamespace(sentiment=np.tile(sure, (len(texts), 1)))


def test_no_text_is_judged_by_what_was_fitted_on_it() -> None:
    rows = [
        {"text": f"Kabar {letter}{other}!", "label": "positive"}
        for letter, other in product("abcdefghijklmnopqrst", "bdfgjklnpr")
    ]
    rows.append({"text": "apa", "label": "surprise"})
    first, second = Known(), Known()
    crossing = Crossing(cast("SentimentModel", first), cast("SentimentModel", second))
    found = crossing.measured(rows, "sentiment")
    assert found is not None
    assert (found.texts, found.accuracy) == (200, 1.0)
    assert sorted(first.asked + second.asked) == sorted(row["text"] for row in rows[:200])
    assert not any(in_first_half(normalise(text)) for text in first.asked)
    assert all(in_first_half(normalise(text)) for text in second.asked)
    assert min(len(first.asked), len(second.asked)) > 50


@pytest.mark.parametrize("rows", [[], [{"text": "apa", "label": "surprise"}]])
def test_without_a_known_label_nothing_is_measured(rows: list[dict[str, str]]) -> None:
    known = cast("SentimentModel", Known())
    assert Crossing(known, known).measured(rows, "sentiment") is None
