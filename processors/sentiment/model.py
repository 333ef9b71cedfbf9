"""Scores texts with a bundle: all heads in one forward pass, on one core unless told otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from processors.sentiment.bundle import Bundle, load
from processors.sentiment.labels import HEADS, Emotion, Sentiment
from processors.sentiment.normalise import normalise
from schemas.errors import Fatal

INPUTS = ("input_ids", "attention_mask")

_TOKENS_PER_BATCH = 512
"""What fits into a core's own cache is fastest: of 24-token texts, eight times as many take a third longer each."""
_STRIDE = 8
"""Texts are padded to a multiple of it."""
_CHARACTERS_PER_TOKEN = 16
_DIGITS = 6
_CUT = "\n"
"""Ends what is read of a text that is longer."""


@dataclass(frozen=True, slots=True)
class Score:
    """What the model says of one text. Probabilities are 0 to 1, rounded to six digits.

    Attributes:
        sentiment: the most probable one, `confidence` its probability.
        emotion: the most probable one, `emotion_confidence` its probability. Of a bundle without an emotion head:
            neutral with probability 0, and no `emotions`.
        truncated: the model saw only the beginning of the text.
    """

    sentiment: Sentiment
    confidence: float
    positive: float
    negative: float
    neutral: float
    emotion: Emotion
    emotion_confidence: float
    emotions: Mapping[str, float]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Both heads for many texts, in the bundle's order of labels: (texts, labels); no columns for a missing head."""

    sentiment: NDArray[np.float32]
    emotion: NDArray[np.float32]
    truncated: NDArray[np.bool_]


class SentimentModel:
    """A loaded bundle. May be used by one thread at a time; holds no more than one batch besides its weights.

    Args:
        bundle: a bundle, a folder, or None for the bundle in this package.
        threads: cores that onnxruntime may use.

    Raises:
        Fatal: the bundle cannot be used; says why.
    """

    def __init__(self, bundle: Bundle | str | Path | None = None, threads: int = 1) -> None:
        self.bundle = bundle if isinstance(bundle, Bundle) else load(bundle)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                self.bundle.model, options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_str(self.bundle.tokenizer)
        except Exception as error:  # the libraries raise bare Exceptions and types of their own
            raise Fatal(f"sentiment bundle {self.bundle.folder} is refused: {error}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.bundle.max_length)
        self._check_signature()
        self._heads = [head for head in HEADS if head in self.bundle.manifest["labels"]]
        self._longest = self.bundle.max_length * _CHARACTERS_PER_TOKEN

    @property
    def model_version(self) -> str:
        """Version of the bundle."""
        return self.bundle.model_version

    def reads(self, text: str) -> str:
        """What the model sees of a text; texts that are alike in this have the same score."""
        read = text[: self._longest]
        seen = normalise(read) if self.bundle.normalised else read
        # A score also tells whether the text was longer than what was read.
        return seen if len(text) <= self._longest else f"{seen}{_CUT}"

    def score(self, texts: Sequence[str]) -> list[Score]:
        """One score for each text, in order. The same text has the same score in whatever company.

        A text without anything to read is neutral in both heads, with certainty.
        """
        found = self.probabilities(texts)
        columns = {label: self.bundle.sentiments.index(label) for label in HEADS["sentiment"]}
        scores = []
        for moods, feelings, truncated in zip(
            found.sentiment.astype(float).round(_DIGITS).tolist(),
            found.emotion.astype(float).round(_DIGITS).tolist(),
            found.truncated.tolist(),
            strict=True,
        ):
            mood = moods.index(max(moods))
            feeling = feelings.index(max(feelings)) if feelings else None
            scores.append(
                Score(
                    sentiment=self.bundle.sentiments[mood],
                    confidence=moods[mood],
                    positive=moods[columns["positive"]],
                    negative=moods[columns["negative"]],
                    neutral=moods[columns["neutral"]],
                    emotion="neutral" if feeling is None else self.bundle.emotions[feeling],
                    emotion_confidence=0.0 if feeling is None else feelings[feeling],
                    emotions=dict(zip(self.bundle.emotions, feelings, strict=True)),
                    truncated=truncated,
                )
            )
        return scores

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """All heads as arrays, for those who want no objects.

        A text is padded to a length that follows from itself alone, and is batched with those of the same length: what
        a graph adds up along a text comes in the same order whatever else is scored.
        """
        ids, truncated = self._tokens(texts)
        lengths = np.array([len(one) for one in ids], dtype=np.int64)
        sentiment = np.zeros((len(texts), len(self.bundle.sentiments)), dtype=np.float32)
        emotion = np.zeros((len(texts), len(self.bundle.emotions)), dtype=np.float32)
        sentiment[lengths == 0, self.bundle.sentiments.index("neutral")] = 1
        if self.bundle.emotions:
            emotion[lengths == 0, self.bundle.emotions.index("neutral")] = 1
        found = {"sentiment": sentiment, "emotion": emotion}
        widths = np.minimum(-(-lengths // _STRIDE) * _STRIDE, self.bundle.max_length)
        for width in np.unique(widths[lengths > 0]).tolist():
            alike = np.flatnonzero(widths == width)
            fitting = max(1, _TOKENS_PER_BATCH // width)
            for start in range(0, len(alike), fitting):
                batch = alike[start : start + fitting]
                tokens = np.zeros((len(batch), width), dtype=np.int64)
                for row, text in enumerate(batch):
                    tokens[row, : lengths[text]] = ids[text]
                mask = (np.arange(width) < lengths[batch][:, None]).astype(np.int64)
                inputs = {"input_ids": tokens, "attention_mask": mask}
                for head, values in zip(self._heads, self._session.run(self._heads, inputs), strict=True):
                    found[head][batch] = values
        return Probabilities(sentiment, emotion, np.array(truncated, dtype=np.bool_))

    def _tokens(self, texts: Sequence[str]) -> tuple[list[list[int]], list[bool]]:
        ids: list[list[int]] = []
        truncated: list[bool] = []
        for text in texts:
            found = self._tokenizer.encode(self.reads(text).removesuffix(_CUT))
            # Marks of beginning and end alone say nothing.
            ids.append(found.ids if sum(found.special_tokens_mask) < len(found.ids) else [])
            truncated.append(len(text) > self._longest or bool(found.overflowing))
        return ids, truncated

    def _check_signature(self) -> None:
        where = self.bundle.folder
        inputs = {one.name for one in self._session.get_inputs()}
        if inputs != set(INPUTS):
            raise Fatal(f"sentiment bundle {where} is refused: inputs {sorted(inputs)}, not {sorted(INPUTS)}")
        outputs = {one.name: one.shape for one in self._session.get_outputs()}
        for head in self.bundle.manifest["labels"]:
            labels, shape = HEADS[head], outputs.get(head)
            if shape is None:
                raise Fatal(f"sentiment bundle {where} is refused: the model has no output {head!r}")
            if len(shape) != 2 or shape[1] != len(labels):  # noqa: PLR2004 -- a matrix
                raise Fatal(
                    f"sentiment bundle {where} is refused: output {head!r} has shape {shape}, not (batch, {len(labels)})"
                )
