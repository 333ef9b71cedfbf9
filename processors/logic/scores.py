"""Scores of texts: what is asked of a model, and a bounded memory of what it said."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol


class Score(Protocol):
    """What a model says of one text; probabilities 0-1."""

    @property
    def sentiment(self) -> Literal["positive", "negative", "neutral"]:
        """The most probable sentiment."""

    @property
    def confidence(self) -> float:
        """Its probability."""

    @property
    def positive(self) -> float:
        """Probability."""

    @property
    def negative(self) -> float:
        """Probability."""

    @property
    def neutral(self) -> float:
        """Probability."""

    @property
    def emotion(self) -> Literal["anger", "fear", "joy", "love", "sadness", "neutral"]:
        """The most probable emotion."""

    @property
    def emotion_confidence(self) -> float:
        """Its probability."""

    @property
    def emotions(self) -> Mapping[str, float]:
        """Probability of each emotion."""

    @property
    def truncated(self) -> bool:
        """Whether the model saw only the beginning."""


class Scorer(Protocol):
    """A model. `score` gives one score for each text, in order; it may take long and runs in a thread."""

    @property
    def model_version(self) -> str:
        """Version of the bundle."""

    def reads(self, text: str) -> str:
        """What it sees of a text: texts that are alike in this have the same score."""

    def score(self, texts: Sequence[str]) -> Sequence[Score]:
        """Scores of the texts."""


class ScoreCache:
    """Asks the model once for texts that are the same to it, as copies of a story with other links and handles are.

    Remembers the `size` texts used last. For one thread at a time.
    """

    def __init__(self, scorer: Scorer, size: int) -> None:
        self._scorer = scorer
        self._size = size
        self._known: OrderedDict[str, Score] = OrderedDict()
        self.hits = 0

    @property
    def model_version(self) -> str:
        """Version of the model behind it."""
        return self._scorer.model_version

    def score(self, texts: Sequence[str]) -> list[Score]:
        """One score for each text, in order."""
        keys = [self._scorer.reads(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        self.hits += len(texts) - len(new)
        if new:
            self._known.update(zip(new, self._scorer.score(list(new.values())), strict=True))
        scores = [self._known[key] for key in keys]
        for key in keys:
            self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return scores
