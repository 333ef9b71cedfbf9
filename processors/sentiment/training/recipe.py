"""Everything about the training of the deep part that was chosen by hand."""

from dataclasses import dataclass, replace

from processors.sentiment.bundle import Bundle
from processors.sentiment.training.data import SETS
from schemas.errors import Fatal

_GENTLER = 0.6
"""What has learnt already is not shaken up as much."""
_PASSES = 2.0
"""And needs fewer of them: curves of a training that went on were flat from the second pass on (ADR 18)."""
_TUTORS_SETS = (("nusax", 1.0), ("tfns", 1.0))
_TUTORS_LAYERS = 12
_ENGLISH_BESIDE = (("tfns", 0.3), ("goemotions", 0.1))
"""As much English as the encoder for both languages still sees where another reads English: it is left with what is of both, or neither."""
_ENGLISH_SETS = (("nusax", 3.0), ("tfns", 2.0), ("goemotions", 1.0))


@dataclass(frozen=True, slots=True)
class Recipe:
    """Chosen on the valid splits, or by what two cores can do in an evening.

    Attributes:
        seed: of everything that is drawn.
        begins: `model_version` of the bundle that it goes on from, or the name of the English encoder that it begins with; empty: it begins with the base.
        without: sets that it does not learn from.
        languages: of the lessons that it learns from.
        tutor: names the labels that a tutor gave recorded posts (`tutor`): the bundle learns from them, too, and has an English encoder; empty: neither.
        layers: how many of the base's layers are kept, from the bottom.
        pieces: size of the vocabulary.
        epochs: passes over the sets, each as often as `shares` says.
        shares: how often a text of a set is seen in one epoch; lessons are a number of sentences, new ones in each.
        lessons: sentences made for one epoch.
        noise: share of the texts that are changed a little before they are learnt from.
        borrowed: what a label counts that was taken over from the other task, by set.
        lesson_weight: what a lesson counts.
        tutored_weight: what a label of the tutor counts; at nought they are not learnt from.
        max_length: tokens read of one text.
        batch_tokens: tokens of one batch, padding included, of one worker.
        rate: highest learning rate of the top layer; each layer below has `decay` of the one above.
        decay: see there.
        head_rate: highest learning rate of the two heads.
        warm_up: share of the training in which the rate rises; afterwards it falls to nothing.
        smoothing: share of a label that is given to the others.
        dropout: share of values dropped.
        workers: processes that train side by side.
        average_every: batches after which their weights are averaged.
    """

    seed: int = 20_261_129
    begins: str = ""
    without: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("id", "en")
    tutor: str = ""
    layers: int = 8
    pieces: int = 24_000
    epochs: float = 4.0
    shares: tuple[tuple[str, float], ...] = (
        ("smsa", 0.8),
        ("nusax", 3.0),
        ("cnbci", 2.0),
        ("tfns", 1.0),
        ("emot", 3.0),
        ("goemotions", 0.4),
    )
    lessons: int = 14_000
    noise: float = 0.25
    borrowed: tuple[tuple[str, float], ...] = (("goemotions", 0.3), ("emot", 0.2), ("cnbci", 0.5))
    lesson_weight: float = 0.5
    tutored_weight: float = 1.0
    max_length: int = 128
    batch_tokens: int = 1_024
    rate: float = 1e-4
    decay: float = 0.9
    head_rate: float = 1e-3
    warm_up: float = 0.06
    smoothing: float = 0.05
    dropout: float = 0.1
    workers: int = 2
    average_every: int = 4


def further(recipe: Recipe, bundle: Bundle, layers: int | None = None) -> Recipe:
    """The same for a training that goes on from a bundle: gentler, and it draws other texts.

    Args:
        recipe: see there.
        bundle: see there.
        layers: how many there are to be, the base's above those of the bundle; None: as many as the bundle has.

    Raises:
        Fatal: the bundle has no deep part that was trained here, or more layers, or it learnt from a set that is to be left out.
    """
    trained = bundle.manifest.get("recipe", {}).get("deep", {})
    if "layers" not in trained:
        raise Fatal(f"{bundle.model_version} has no deep part that was trained here")
    layers = trained["layers"] if layers is None else layers
    if layers < trained["layers"]:
        raise Fatal(
            f"{bundle.model_version} has {trained['layers']} layers; its heads read the topmost, so none can go"
        )
    learnt_from = {one["name"] for one in bundle.manifest["training_data"]}
    unwanted = sorted(learnt_from & set(recipe.without))
    if unwanted:
        raise Fatal(
            f"{bundle.model_version} has learnt from {', '.join(unwanted)}; begin with the base instead"
        )
    return replace(
        recipe,
        seed=trained["recipe"]["seed"] + 1,
        begins=bundle.model_version,
        layers=layers,
        epochs=_PASSES,
        rate=recipe.rate * _GENTLER,
        head_rate=recipe.head_rate * _GENTLER,
    )


def for_tutor(recipe: Recipe, base: str) -> Recipe:
    """That of the English tutor of such a training: all layers of a `base` of its own, four passes over the English sentiment sets.

    Raises:
        Fatal: it is to learn from none of these sets.
    """
    shares = tuple((name, often) for name, often in _TUTORS_SETS if name not in recipe.without)
    if not shares:
        raise Fatal("a tutor learns from nusax and tfns, and both are to be left out: train without one")
    return replace(
        recipe,
        begins=base,
        without=tuple(sorted(one.name for one in SETS if one.name not in dict(shares))),
        languages=("en",),
        tutor="",
        layers=_TUTORS_LAYERS,
        epochs=4.0,
        shares=shares,
        lessons=6_000,
    )


def for_english(recipe: Recipe) -> Recipe:
    """That of the bundle's English encoder beside such a training, whose tutor it begins with: its lower layers, three passes over all English sets.

    A tutor has learnt from one of them at least (`for_tutor`).
    """
    shares = tuple((name, often) for name, often in _ENGLISH_SETS if name not in recipe.without)
    return replace(
        recipe,
        begins="tutor",
        without=tuple(sorted(one.name for one in SETS if one.name not in dict(shares))),
        languages=("en",),
        pieces=15_000,
        epochs=3.0,
        shares=shares,
    )


def beside_english(recipe: Recipe, tutor: str) -> Recipe:
    """That of the encoder for both languages where the bundle gets an English one, whose `tutor` labels this one does not learn from."""
    seldom = dict(_ENGLISH_BESIDE)
    shares = tuple((name, min(often, seldom.get(name, often))) for name, often in recipe.shares)
    return replace(recipe, languages=("id",), tutor=tutor, tutored_weight=0.0, shares=shares)
