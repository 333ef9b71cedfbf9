"""Trains the small bundle from the shared data: same data, same bundle."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from processors.sentiment import features, vocabulary
from processors.sentiment.corpus import Corpus, as_numbers, read
from processors.sentiment.data import KINDS
from processors.sentiment.labels import EMOTIONS, SENTIMENTS
from processors.sentiment.linear import Floats, Ints, Regression, fit, softmax
from processors.sentiment.mixture import Head, Mixture
from processors.sentiment.writing import Training, write

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that was chosen by hand, on the valid splits.

    Attributes:
        entries: size of the tokenizer's vocabulary, about `pieces` of it parts of words.
        gaps: distances between the tokens of a pair.
        slots: size of the graph's hash table of pairs; a power of two.
        at_least: texts a pair must stand in.
        gate_penalty: on the squared weights of the gate.
        broad_penalty: of the expert for all texts.
        narrow_penalty: of the experts for one kind.
        emotion_penalty: of the experts for emotion.
        borrowed: weight of a label that was taken over from the other task.
        rounds: iterations of each fit at most.
        max_length: tokens read of one text.
    """

    entries: int = 24_000
    pieces: int = 6_000
    gaps: tuple[int, ...] = (1,)
    slots: int = 2**18
    at_least: int = 2
    gate_penalty: float = 0.1
    broad_penalty: float = 0.05
    narrow_penalty: float = 0.05
    emotion_penalty: float = 0.1
    borrowed: float = 0.1
    rounds: int = 80
    max_length: int = 512


@dataclass(frozen=True, slots=True)
class _Expert:
    """A sentiment expert: the kinds of text it learns from, and those it is asked about."""

    name: str
    learns: tuple[str, ...]
    serves: tuple[str, ...]


# EmoT's sentiments are only guessed from its emotions, and learning from them cost SmSA half a point; GoEmotions' are
# guessed too, but English has little else of that kind.
_SENTIMENT_EXPERTS = (
    _Expert("informal Indonesian", ("smsa-id", "nusax-id"), ("smsa-id", "nusax-id", "emot-id")),
    _Expert("informal English", ("nusax-en", "goemotions-en"), ("nusax-en", "goemotions-en")),
    _Expert("Indonesian headlines", ("cnbci-id",), ("cnbci-id",)),
    _Expert("English finance", ("tfns-en",), ("tfns-en",)),
)
# Emotion has one large set in each language, so there the experts are the languages.
_LANGUAGES = ("id", "en")
_BLENDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_TEMPERATURES = tuple(float(one) for one in np.geomspace(0.3, 3.0, 47))


def train(data: Path, out: Path, recipe: Recipe, say: Say) -> None:
    """Train on the train splits under `data`, choose on the valid splits, write the bundle folder `out`.

    `say` is told what happens, in lines for people.

    Raises:
        Fatal: data are missing, or `out` cannot be written.
    """
    started = time.perf_counter()
    examples, texts = read(data, say)
    learning = [text for text, one in zip(texts, examples, strict=True) if one.split == "train"]
    tokenizer = vocabulary.train(learning, recipe.entries, recipe.pieces)
    size = tokenizer.get_vocab_size()
    say(f"tokenizer: {size} entries")
    ids = _tokens(tokenizer, texts, recipe.max_length)
    in_train = [one.split == "train" for one in examples]
    known = features.build(
        [one for one, chosen in zip(ids, in_train, strict=True) if chosen],
        size,
        recipe.gaps,
        recipe.slots,
        recipe.at_least,
    )
    say(f"features: {len(known.idf) - 1} token n-grams")
    numbers = as_numbers(examples, features.matrix(known, ids), recipe.borrowed)
    mixture = _fit(numbers, size, recipe, say)
    write(
        out,
        Training(
            mixture=mixture,
            vocabulary=known,
            tokenizer=tokenizer,
            max_length=recipe.max_length,
            recipe=recipe,
            texts=sum(in_train),
            seconds=time.perf_counter() - started,
        ),
        data,
        say,
    )


def _tokens(tokenizer: Tokenizer, texts: Sequence[str], longest: int) -> list[Ints]:
    return [np.array(tokenizer.encode(text).ids[:longest], dtype=np.int64) for text in texts]


def _fit(corpus: Corpus, tokens: int, recipe: Recipe, say: Say) -> Mixture:
    everything = np.ones(len(corpus.kinds), dtype=np.bool_)
    gate = _gate(corpus, tokens, recipe, say)
    kinds = softmax(gate.logits(corpus.rows))
    sentiment = [
        _expert("sentiment, all", corpus, "sentiment", everything, recipe.broad_penalty, recipe, say)
    ]
    for one in _SENTIMENT_EXPERTS:
        learnt = np.isin(corpus.kinds, [KINDS.index(kind) for kind in one.learns])
        sentiment.append(
            _expert(f"sentiment, {one.name}", corpus, "sentiment", learnt, recipe.narrow_penalty, recipe, say)
        )
    emotion = []
    for language in _LANGUAGES:
        of_language = np.isin(corpus.kinds, [at for at, kind in enumerate(KINDS) if kind.endswith(language)])
        emotion.append(
            _expert(
                f"emotion, {language}", corpus, "emotion", of_language, recipe.emotion_penalty, recipe, say
            )
        )
    heads = [Head(tuple(sentiment), _shares(blend)) for blend in _BLENDS]
    losses = [_losses(corpus, one, kinds, corpus.sentiments)[0] for one in heads]
    best = int(np.argmin(losses))
    say(f"the expert for all texts has a share of {_BLENDS[best]} in every kind")
    languages = np.array([[kind.endswith(one) for one in _LANGUAGES] for kind in KINDS], dtype=np.float32)
    return Mixture(
        gate,
        _calibrated("sentiment", corpus, heads[best], kinds, corpus.sentiments, say),
        _calibrated("emotion", corpus, Head(tuple(emotion), languages), kinds, corpus.emotions, say),
    )


def _gate(corpus: Corpus, tokens: int, recipe: Recipe, say: Say) -> Regression:
    """Which set a text resembles; single tokens are enough for that."""
    chosen = corpus.train
    rows = corpus.rows[chosen]
    rows.data = np.where(rows.indices <= tokens, rows.data, 0)
    rows.eliminate_zeros()
    weights = np.ones(int(chosen.sum()), dtype=np.float32)
    started = time.perf_counter()
    found = fit(
        rows,
        corpus.kinds[chosen],
        weights,
        len(KINDS),
        recipe.gate_penalty,
        recipe.rounds // 2,
        _Ticks("gate", say),
    )
    said = found.logits(corpus.rows[~chosen]).argmax(axis=1)
    right = float((said == corpus.kinds[~chosen]).mean())
    say(f"gate: right on {100 * right:.1f} % of the valid texts ({time.perf_counter() - started:.0f} s)")
    return found


def _expert(
    name: str,
    corpus: Corpus,
    head: str,
    among: np.ndarray[tuple[int], np.dtype[np.bool_]],
    penalty: float,
    recipe: Recipe,
    say: Say,
) -> Regression:
    classes = corpus.sentiments if head == "sentiment" else corpus.emotions
    weights = corpus.sentiment_weights if head == "sentiment" else corpus.emotion_weights
    chosen = among & corpus.train & (classes >= 0) & (weights > 0)
    labels = SENTIMENTS if head == "sentiment" else EMOTIONS
    started = time.perf_counter()
    found = fit(
        corpus.rows[chosen],
        classes[chosen],
        weights[chosen],
        len(labels),
        penalty,
        recipe.rounds,
        _Ticks(name, say),
    )
    say(f"{name}: fitted on {int(chosen.sum())} texts ({time.perf_counter() - started:.0f} s)")
    return found


def _shares(blend: float) -> Floats:
    """(kinds, experts): the expert for all texts has `blend` of every kind, the kind's own expert the rest."""
    shares = np.zeros((len(KINDS), 1 + len(_SENTIMENT_EXPERTS)), dtype=np.float32)
    shares[:, 0] = blend
    for at, one in enumerate(_SENTIMENT_EXPERTS):
        shares[[KINDS.index(kind) for kind in one.serves], 1 + at] = 1 - blend
    return shares


def _losses(
    corpus: Corpus, head: Head, kinds: Floats, classes: Ints, temperatures: Sequence[float] = (1.0,)
) -> list[float]:
    """Log loss on the valid splits at each temperature, every set counting alike."""
    valid = ~corpus.train & (classes >= 0)
    logits, truth, sets = head.logits(corpus.rows[valid], kinds[valid]), classes[valid], corpus.kinds[valid]
    losses = []
    for temperature in temperatures:
        chances = softmax(logits / np.float32(temperature))[np.arange(len(truth)), truth]
        each = -np.log(np.maximum(chances, 1e-9))
        losses.append(float(np.mean([each[sets == one].mean() for one in np.unique(sets)])))
    return losses


def _calibrated(name: str, corpus: Corpus, head: Head, kinds: Floats, classes: Ints, say: Say) -> Head:
    losses = _losses(corpus, head, kinds, classes, _TEMPERATURES)
    best = _TEMPERATURES[int(np.argmin(losses))]
    say(f"{name}: temperature {best:.2f}, log loss on valid {min(losses):.3f}")
    return replace(head, temperature=best)


class _Ticks:
    """Says every twentieth iteration of a fit, so that a slow machine is seen to be at work."""

    def __init__(self, name: str, say: Say) -> None:
        self._name = name
        self._say = say
        self._done = 0

    def __call__(self) -> None:
        self._done += 1
        if self._done % 20 == 0:
            self._say(f"  {self._name}: iteration {self._done}")
