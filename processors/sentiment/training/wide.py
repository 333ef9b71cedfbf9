"""Fits the wide part: gate and experts over token n-grams, each the convex minimum of its loss."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.graphs.ngrams import Ints
from processors.sentiment.training import features
from processors.sentiment.training.data import KINDS, NEWS
from processors.sentiment.training.emphasis import emphasis
from processors.sentiment.training.linear import Regression, fit
from processors.sentiment.training.mixture import Head, Mixture
from processors.sentiment.training.numbers import Numbers

Say = Callable[[str], None]

_LANGUAGES = ("id", "en")
_BLENDS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class WideRecipe:
    """What was chosen by hand, on the valid splits.

    Attributes:
        gaps: distances between the tokens of a pair.
        slots: size of the graph's hash table of pairs; a power of two.
        at_least: texts a pair must stand in.
        gate_penalty: on the squared weights of the gate.
        sentiment_penalty: of the experts for sentiment.
        emotion_penalty: of the experts for emotion.
        emphasised_penalty: of those whose weights are emphasised.
        borrowed: weight of a label that was taken over from the other task.
        lessons: sentences made from templates that it learns from, too.
        lesson: weight of the label of one.
        tutored: weight of a label that a tutor gave.
        seed: draws them.
        rounds: iterations of each fit at most; so many that all end before, at the minimum.
    """

    gaps: tuple[int, ...] = (1,)
    slots: int = 2**18
    at_least: int = 2
    gate_penalty: float = 0.1
    sentiment_penalty: float = 0.1
    emotion_penalty: float = 0.25
    emphasised_penalty: float = 0.2
    borrowed: float = 0.1
    lessons: int = 24_000
    lesson: float = 0.5
    tutored: float = 1.0
    seed: int = 20_261_201
    rounds: int = 1_000


@dataclass(frozen=True, slots=True)
class _Expert:
    """A sentiment expert: the kinds of text it learns from, and those it is asked about; whether its weights are emphasised."""

    name: str
    learns: tuple[str, ...]
    serves: tuple[str, ...]
    emphasised: bool = False


# EmoT's sentiments are only guessed from its emotions, and learning from them cost SmSA half a point; GoEmotions' are
# guessed too, but English has little else of that kind.
_SENTIMENT_EXPERTS = (
    _Expert("informal Indonesian", ("smsa-id", "nusax-id"), ("smsa-id", "nusax-id", "emot-id")),
    _Expert("informal English", ("nusax-en", "goemotions-en"), ("nusax-en", "goemotions-en")),
    _Expert("Indonesian headlines", ("cnbci-id",), ("cnbci-id",), emphasised=True),
    _Expert("English finance", ("tfns-en",), ("tfns-en",)),
    _Expert("English company news", ("news-en", "tfns-en"), ("news-en",)),
)
_EMPHASISED_EMOTIONS = "id"
"""Emphasis lowers the log loss of EmoT, which the blend goes by (ADR 19)."""


def fit_wide(
    ids: Sequence[Ints],
    tokens: int,
    ignored: Sequence[int],
    labels: Numbers,
    heads: Sequence[str],
    recipe: WideRecipe,
    say: Say,
) -> tuple[Mixture, csr_matrix]:
    """The wide part for `heads`, learnt from the train splits and lessons, and the rows of all texts; tokens that are `ignored` count nothing."""
    known = features.build(
        [one for one, chosen in zip(ids, labels.train, strict=True) if chosen],
        tokens,
        recipe.gaps,
        recipe.slots,
        recipe.at_least,
        ignored,
    )
    say(f"wide part: {len(known.idf) - 1:,} token n-grams")
    rows = features.matrix(known, ids)
    gate = _gate(rows, tokens, labels, recipe, say)
    kinds = softmax(gate.logits(rows))
    made = {"sentiment": _sentiment, "emotion": _emotion}
    return Mixture(known, gate, {head: made[head](rows, labels, kinds, recipe, say) for head in heads}), rows


def _gate(rows: csr_matrix, tokens: int, labels: Numbers, recipe: WideRecipe, say: Say) -> Regression:
    """Which kind a text is of; single tokens are enough for that. Texts of no set show it only what no set does."""
    chosen = labels.train & (~labels.made | (labels.kinds == KINDS.index(f"{NEWS}-en")))
    singles = rows[chosen]
    singles.data = np.where(singles.indices <= tokens, singles.data, 0)
    singles.eliminate_zeros()
    found = fit(
        singles,
        np.eye(len(KINDS), dtype=np.float32)[labels.kinds[chosen]],
        recipe.gate_penalty,
        recipe.rounds,
        _Ticks("gate", say),
    )
    valid = ~labels.train
    said = found.logits(rows[valid]).argmax(axis=1)
    say(f"gate: right on {100 * float((said == labels.kinds[valid]).mean()):.1f} % of the valid texts")
    return found


def _sentiment(rows: csr_matrix, labels: Numbers, kinds: Floats, recipe: WideRecipe, say: Say) -> Head:
    everything = np.ones(len(labels.kinds), dtype=np.bool_)
    experts = [_expert("all", rows, labels, "sentiment", everything, recipe, say)]
    for one in _SENTIMENT_EXPERTS:
        learnt = np.isin(labels.kinds, [KINDS.index(kind) for kind in one.learns])
        experts.append(
            _expert(one.name, rows, labels, "sentiment", learnt, recipe, say, emphasised=one.emphasised)
        )
    heads = [Head(tuple(experts), _shares(blend)) for blend in _BLENDS]
    losses = [_loss(rows, labels, kinds, one) for one in heads]
    best = int(np.argmin(losses))
    say(f"the expert for all texts has a share of {_BLENDS[best]} in every kind")
    return heads[best]


def _emotion(rows: csr_matrix, labels: Numbers, _: Floats, recipe: WideRecipe, say: Say) -> Head:
    experts = []
    for language in _LANGUAGES:
        of_language = np.isin(labels.kinds, [at for at, kind in enumerate(KINDS) if kind.endswith(language)])
        emphasised = language == _EMPHASISED_EMOTIONS
        experts.append(
            _expert(language, rows, labels, "emotion", of_language, recipe, say, emphasised=emphasised)
        )
    shares = np.array([[kind.endswith(one) for one in _LANGUAGES] for kind in KINDS], dtype=np.float32)
    return Head(tuple(experts), shares)


def _expert(
    name: str,
    rows: csr_matrix,
    labels: Numbers,
    head: str,
    among: NDArray[np.bool_],
    recipe: WideRecipe,
    say: Say,
    *,
    emphasised: bool = False,
) -> Regression:
    plain = recipe.sentiment_penalty if head == "sentiment" else recipe.emotion_penalty
    chosen = among & labels.train & labels.wanted[head].any(axis=1)
    learnt, wanted = rows[chosen], labels.wanted[head][chosen]
    found = fit(
        learnt,
        wanted,
        recipe.emphasised_penalty if emphasised else plain,
        recipe.rounds,
        _Ticks(f"{head}, {name}", say),
        emphasis(learnt, wanted) if emphasised else None,
    )
    say(f"{head}, {name}: fitted on {int(chosen.sum()):,} texts")
    return found


def _shares(blend: float) -> Floats:
    """(kinds, experts): the expert for all texts has `blend` of every kind, the kind's own expert the rest."""
    shares = np.zeros((len(KINDS), 1 + len(_SENTIMENT_EXPERTS)), dtype=np.float32)
    shares[:, 0] = blend
    for at, one in enumerate(_SENTIMENT_EXPERTS):
        shares[[KINDS.index(kind) for kind in one.serves], 1 + at] = 1 - blend
    return shares


def _loss(rows: csr_matrix, labels: Numbers, kinds: Floats, head: Head) -> float:
    """Log loss of sentiment on the valid splits, every set counting alike."""
    classes = labels.classes["sentiment"]
    valid = ~labels.train & (classes >= 0)
    chances = softmax(head.logits(rows[valid], kinds[valid]))
    each = -np.log(np.maximum(chances[np.arange(len(chances)), classes[valid]], 1e-9))
    sets = labels.kinds[valid]
    return float(np.mean([each[sets == one].mean() for one in np.unique(sets)]))


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
