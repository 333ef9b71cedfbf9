"""Scores texts with a bundle: all heads in one forward pass, on one core unless told otherwise."""

from collections.abc import Iterator, Mapping, Sequence
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
ENGLISH_INPUTS = ("english_ids", "english_mask")
"""Of a bundle with an English encoder, whose tokens are others."""
ENGLISH = "english"
"""The output of such a bundle that says which of the two read a text."""

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
    """Both heads for many texts, in the bundle's order of labels: (texts, labels); no columns for a missing head.

    Attributes:
        sentiment: see above.
        emotion: see above.
        truncated: the model saw only the beginning of the text.
        english: the bundle's English encoder read it; never, where it has none.
    """

    sentiment: NDArray[np.float32]
    emotion: NDArray[np.float32]
    truncated: NDArray[np.bool_]
    english: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Tokens:
    """Texts as one tokenizer cuts them: ids of each; whether they are more than marks of beginning and end; whether its end was cut off."""

    ids: list[list[int]]
    something: NDArray[np.bool_]
    cut: NDArray[np.bool_]

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.array([len(one) for one in self.ids], dtype=np.int64)

    def padded(self, texts: NDArray[np.int64], width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids and mask (texts, width) of some of them."""
        ids = np.zeros((len(texts), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, text in enumerate(texts):
            found = self.ids[text]
            ids[row, : len(found)] = found
            mask[row, : len(found)] = 1
        return ids, mask


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
            names = [self.bundle.tokenizer, self.bundle.english_tokenizer]
            self._tokenizers = [Tokenizer.from_str(one) for one in names if one is not None]
        except Exception as error:  # the libraries raise bare Exceptions and types of their own
            raise Fatal(f"sentiment bundle {self.bundle.folder} is refused: {error}") from error
        for one in self._tokenizers:
            one.no_padding()
            one.enable_truncation(self.bundle.max_length)
        # What the other one can read may be nothing to it; an encoder must see something.
        if len(self._tokenizers) > 1 and not self._tokenizers[-1].encode("").ids:
            raise Fatal(
                f"sentiment bundle {self.bundle.folder} is refused: its English tokenizer marks no beginning and end of a text"
            )
        self._inputs = INPUTS if self.bundle.english_tokenizer is None else INPUTS + ENGLISH_INPUTS
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

        A text is padded to lengths that follow from itself alone, and is batched with those of the same lengths: what
        a graph adds up along a text comes in the same order whatever else is scored.
        """
        read = [self.reads(text).removesuffix(_CUT) for text in texts]
        tokens = [_tokens(one, read) for one in self._tokenizers]
        something = tokens[0].something
        sentiment = np.zeros((len(texts), len(self.bundle.sentiments)), dtype=np.float32)
        emotion = np.zeros((len(texts), len(self.bundle.emotions)), dtype=np.float32)
        sentiment[~something, self.bundle.sentiments.index("neutral")] = 1
        if self.bundle.emotions:
            emotion[~something, self.bundle.emotions.index("neutral")] = 1
        english = np.zeros((len(texts), 1), dtype=np.float32)
        found = {"sentiment": sentiment, "emotion": emotion, ENGLISH: english}
        outputs = self._heads if len(tokens) == 1 else [*self._heads, ENGLISH]
        for batch, widths in self._batches(tokens, something):
            padded = [one.padded(batch, width) for one, width in zip(tokens, widths, strict=True)]
            inputs = dict(zip(self._inputs, (array for pair in padded for array in pair), strict=True))
            for name, values in zip(outputs, self._run(outputs, inputs), strict=True):
                found[name][batch] = values
        by_english = english[:, 0] > 0
        # The wide part reads what the first one cuts, whichever encoder reads the text.
        cut = tokens[0].cut | (by_english & tokens[-1].cut)
        longer = np.array([len(text) > self._longest for text in texts], dtype=np.bool_)
        return Probabilities(sentiment, emotion, longer | cut, by_english)

    def _run(
        self, outputs: Sequence[str], inputs: Mapping[str, NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]:
        try:
            found: list[NDArray[np.float32]] = self._session.run(outputs, inputs)
        except Exception as error:  # onnxruntime's are of many types
            raise Fatal(
                f"sentiment bundle {self.bundle.folder}: its model fails, so its tokenizers may be those of another: {error}"
            ) from error
        return found

    def _batches(
        self, tokens: Sequence[_Tokens], something: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
        """Texts that can be scored together, and how wide they are for each tokenizer."""
        widths = np.stack(
            [np.minimum(-(-one.lengths // _STRIDE) * _STRIDE, self.bundle.max_length) for one in tokens],
            axis=1,
        )
        for alike in np.unique(widths[something], axis=0):
            chosen = np.flatnonzero(something & (widths == alike).all(axis=1))
            fitting = max(1, _TOKENS_PER_BATCH // int(alike.max()))
            for start in range(0, len(chosen), fitting):
                yield chosen[start : start + fitting], alike.tolist()

    def _check_signature(self) -> None:
        where = self.bundle.folder
        inputs = {one.name for one in self._session.get_inputs()}
        if inputs != set(self._inputs):
            raise Fatal(
                f"sentiment bundle {where} is refused: inputs {sorted(inputs)}, not {sorted(self._inputs)}"
            )
        outputs = {one.name: one.shape for one in self._session.get_outputs()}
        wanted = {head: len(HEADS[head]) for head in self.bundle.manifest["labels"]}
        if self.bundle.english_tokenizer is not None:
            wanted[ENGLISH] = 1
        for name, columns in wanted.items():
            shape = outputs.get(name)
            if shape is None:
                raise Fatal(f"sentiment bundle {where} is refused: the model has no output {name!r}")
            if len(shape) != 2 or shape[1] != columns:  # noqa: PLR2004 -- a matrix
                raise Fatal(
                    f"sentiment bundle {where} is refused: output {name!r} has shape {shape}, not (batch, {columns})"
                )


def _tokens(tokenizer: Tokenizer, read: Sequence[str]) -> _Tokens:
    found = [tokenizer.encode(text) for text in read]
    return _Tokens(
        [one.ids for one in found],
        np.array([sum(one.special_tokens_mask) < len(one.ids) for one in found], dtype=np.bool_),
        np.array([bool(one.overflowing) for one in found], dtype=np.bool_),
    )
