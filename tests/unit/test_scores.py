from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from processors.logic.scores import Score, ScoreCache


@dataclass(frozen=True)
class Said:
    text: str


class Asked:
    model_version = "v1"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def reads(self, text: str) -> str:
        return text.lower()

    def score(self, texts: Sequence[str]) -> Sequence[Score]:
        self.texts += texts
        return cast("list[Score]", [Said(text) for text in texts])


def scores(cache: ScoreCache, *texts: str) -> list[str]:
    return [cast("Any", score).text for score in cache.score(texts)]


def test_equal_texts_are_asked_once_and_answered_in_order() -> None:
    asked = Asked()
    cache = ScoreCache(asked, 10)
    assert scores(cache, "b", "a", "b") == ["b", "a", "b"]
    assert scores(cache, "a", "c") == ["a", "c"]
    assert asked.texts == ["b", "a", "c"]
    assert cache.hits == 2
    assert cache.model_version == "v1"
    assert scores(cache) == []


def test_what_was_used_longest_ago_is_forgotten() -> None:
    asked = Asked()
    cache = ScoreCache(asked, 2)
    scores(cache, "a", "b")
    scores(cache, "a")
    scores(cache, "c")
    scores(cache, "a")
    assert asked.texts == ["a", "b", "c"]
    scores(cache, "b")
    assert asked.texts[-1] == "b"


def test_more_texts_than_are_remembered_and_no_memory_at_all() -> None:
    for size in (0, 1):
        asked = Asked()
        assert scores(ScoreCache(asked, size), "a", "b", "a") == ["a", "b", "a"]
        assert asked.texts == ["a", "b"]


def test_texts_that_are_the_same_to_the_model_are_asked_once() -> None:
    asked = Asked()
    cache = ScoreCache(asked, 10)
    assert scores(cache, "a", "A", "b") == ["A", "A", "b"]
    assert scores(cache, "B") == ["b"]
    assert asked.texts == ["A", "b"]
