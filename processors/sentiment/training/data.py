"""The training sets: where they lie, their licences, and how their labels map onto the two heads."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import Fatal

# GoEmotions has labels of its own; `fine` ones say more than the Ekman groups they were folded into.
# Disgust is nearest to anger (its fine label stands beside annoyance). Surprise has no slot among the six and is
# left out. Of the joy group only `love` is taken out; caring or admiration are not what EmoT calls love.
_FINE_EMOTIONS = {"love": "love"}
_EKMAN_EMOTIONS = {
    "anger": "anger",
    "disgust": "anger",
    "fear": "fear",
    "joy": "joy",
    "sadness": "sadness",
    "neutral": "neutral",
}
_FINE_POSITIVE = frozenset(
    [
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ]
)
_FINE_NEGATIVE = frozenset(
    [
        "anger",
        "annoyance",
        "disappointment",
        "disapproval",
        "disgust",
        "embarrassment",
        "fear",
        "grief",
        "nervousness",
        "remorse",
        "sadness",
    ]
)
_EMOT_SENTIMENTS = {
    "joy": "positive",
    "love": "positive",
    "anger": "negative",
    "fear": "negative",
    "sadness": "negative",
}


@dataclass(frozen=True, slots=True)
class DataSet:
    """One file of JSON lines, and what its makers allow."""

    name: str
    task: str
    licence: str

    @property
    def path(self) -> str:
        """Where it lies in the data folder."""
        return f"{self.task}/{self.name}.jsonl"


SETS = (
    DataSet("smsa", "sentiment", "CC BY-SA 4.0 (SEACrowd; IndoNLU says Apache-2.0)"),
    DataSet("nusax", "sentiment", "CC BY-SA 4.0"),
    DataSet("cnbci", "sentiment", "MIT (the headlines are CNBC Indonesia's)"),
    DataSet("tfns", "sentiment", "MIT"),
    DataSet("emot", "emotion", "CC BY-NC-SA 4.0 (IndoNLU says Apache-2.0)"),
    DataSet("goemotions", "emotion", "Apache-2.0"),
)

RECORDED = DataSet("stocknet_2015", "events", "MIT")
"""Recorded English posts on companies: nobody labelled them but a tutor."""

_LICENCES = ("CC BY-NC-SA 4.0", "CC BY-SA 4.0")
"""The strictest first."""

NEWS = "news"
"""In place of a set: English news of companies, which only lessons show."""
KINDS = (
    "smsa-id",
    "nusax-id",
    "nusax-en",
    "cnbci-id",
    "tfns-en",
    "emot-id",
    "goemotions-en",
    f"{NEWS}-en",
)
"""Kinds of text the gate tells apart: set and language."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text. A head without a label is None; `borrowed` names the head whose label came from the other's.

    A `lesson` is of no set; its `source` says what it resembles. Nor is a text that a tutor labelled: it has `chances` of the sentiments in place of one.
    """

    text: str
    source: str
    lang: str
    split: str
    sentiment: str | None
    emotion: str | None
    borrowed: str | None = None
    lesson: bool = False
    chances: tuple[float, ...] = ()

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return f"{self.source}-{self.lang}"


def sets(without: Collection[str] = ()) -> Sequence[DataSet]:
    """All sets but these; raises Fatal for a name that no set has, or where none is left."""
    unknown = sorted(set(without) - {one.name for one in SETS})
    if unknown:
        raise Fatal(f"no training set is called {', '.join(unknown)}: {', '.join(one.name for one in SETS)}")
    left = [one for one in SETS if one.name not in without]
    if not left:
        raise Fatal("no training set is left to learn from")
    return left


def check_heads(heads: Collection[str], chosen: Collection[DataSet]) -> None:
    """Raise Fatal where no bundle of these heads can be made of these sets."""
    if "sentiment" not in heads:
        raise Fatal("a bundle has a sentiment head: --heads must name it")
    for head in heads:
        if not any(one.task == head for one in chosen):
            raise Fatal(f"no set is left that the {head} head could learn from: leave it out with --heads")


def licence_of(chosen: Collection[DataSet]) -> str:
    """The strictest licence of these sets."""
    stated = " ".join(one.licence for one in chosen)
    return next((one for one in _LICENCES if one in stated), "MIT")


def load(data: Path, without: Collection[str] = ()) -> Iterator[Example]:
    """Every example of every set under `data` but those left out, in file order.

    Texts of train splits also get a label of the other task where theirs implies one: the sentiment of an emotion, and
    the neutral emotion of a neutral Indonesian market headline (EmoT has no neutral texts, so without them the
    model could not say neutral in Indonesian).

    Raises:
        Fatal: a set is missing, or a line is not what it should be.
    """
    for one in sets(without):
        path = data / one.path
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield _example(one, json.loads(line))
        except FileNotFoundError as error:
            raise Fatal(
                f"training needs {path}, which is not there; name the data folder with --data"
            ) from error
        except (ValueError, KeyError) as error:
            raise Fatal(f"{path} is not JSON lines of text, label, lang and split: {error!r}") from error


def _example(one: DataSet, row: dict[str, str]) -> Example:
    label, lends = row["label"], row["split"] == "train"
    if one.task == "sentiment":
        neutral = lends and one.name == "cnbci" and label == "neutral"
        emotion = "neutral" if neutral else None
        return Example(
            row["text"], one.name, row["lang"], row["split"], label, emotion, "emotion" if neutral else None
        )
    found: str | None
    if one.name == "emot":
        found, implied = label, _EMOT_SENTIMENTS.get(label)
    else:
        fine = row.get("fine", label)
        found, implied = _FINE_EMOTIONS.get(fine) or _EKMAN_EMOTIONS.get(label), _fine_sentiment(fine)
    sentiment = implied if lends else None
    return Example(
        row["text"], one.name, row["lang"], row["split"], sentiment, found, "sentiment" if sentiment else None
    )


def _fine_sentiment(fine: str) -> str | None:
    if fine in _FINE_POSITIVE:
        return "positive"
    if fine in _FINE_NEGATIVE:
        return "negative"
    return "neutral" if fine == "neutral" else None
