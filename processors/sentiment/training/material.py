"""What is learnt from: the train splits as often as the recipe says, lessons, noise; as tokens, labels and weights."""

import json
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from processors.sentiment.labels import EMOTIONS, SENTIMENTS
from processors.sentiment.normalise import normalise
from processors.sentiment.training.data import Example, load
from processors.sentiment.training.lessons import Lesson, lessons
from processors.sentiment.training.noise import noisy
from processors.sentiment.training.recipe import Recipe
from processors.sentiment.training.twins import twins
from schemas.errors import Fatal

TUTORED = "tutored.jsonl"
"""In a training's folder: what a tutor said of texts that nobody labelled."""
_NONE = -1
_INFORMAL = {"id": "smsa", "en": "nusax"}
"""By language the set that a lesson resembles which says nothing of it."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One text as numbers. A class is -1 where the head has no label; each label has its weight. `chances` of the sentiments may stand in place of one."""

    ids: tuple[int, ...]
    sentiment: int
    emotion: int
    sentiment_weight: float
    emotion_weight: float
    chances: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Sets:
    """The examples of the train splits without near-duplicates of valid texts, and those of the valid splits; what a tutor labelled."""

    train: Sequence[Example]
    valid: Sequence[Example]
    removed: int
    tutored: Sequence[Example] = ()


def read(data: Path, without: Collection[str] = (), tutored: Path | None = None) -> Sets:
    """The sets under `data` but those left out, and a tutor's labels, where a file of them is named (`tutor`); raises Fatal where they are not there."""
    train: list[Example] = []
    valid: list[Example] = []
    for one in load(data, without):
        (train if one.split == "train" else valid).append(one)
    if not train:
        raise Fatal(f"no training text under {data}")
    found = twins([normalise(one.text) for one in valid], [normalise(one.text) for one in train])
    kept = [one for number, one in enumerate(train) if number not in found]
    return Sets(kept, valid, len(found), _tutored(tutored) if tutored else ())


def only(language: str, sets: Sets) -> Sets:
    """The examples of one language."""
    return Sets(
        [one for one in sets.train if one.lang == language],
        [one for one in sets.valid if one.lang == language],
        sets.removed,
        [one for one in sets.tutored if one.lang == language],
    )


def apart(sets: Sets, made: Sequence[Lesson]) -> list[Lesson]:
    """Lessons without those that nearly stand in a valid split."""
    near = twins([normalise(one.text) for one in sets.valid], [normalise(one.text) for one in made])
    return [one for number, one in enumerate(made) if number not in near]


def taught(sets: Sets, number: int, seed: int) -> list[Example]:
    """So many lessons as examples of the train split, but those that nearly stand in a valid split."""
    return [
        Example(
            one.text,
            one.like or _INFORMAL[one.lang],
            one.lang,
            "train",
            one.sentiment,
            one.emotion,
            lesson=True,
        )
        for one in apart(sets, lessons(number, seed))
    ]


def unlabelled(data: Path) -> list[str]:
    """Normalised texts of the recorded events under `data`, if there are any: they tell which words posts are made of."""
    return [
        normalise(json.loads(line)["text"])
        for path in sorted((data / "events").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def epoch(sets: Sets, tokenizer: Tokenizer, recipe: Recipe, number: int) -> list[Sample]:
    """The samples of one epoch, in no order; the same number gives the same ones."""
    chance = random.Random(f"{recipe.seed}/{number}")  # noqa: S311 -- to draw texts, not secrets
    shares, borrowed = dict(recipe.shares), dict(recipe.borrowed)
    texts: list[str] = []
    labels: list[tuple[int, int, float, float, tuple[float, ...]]] = []
    for one in sets.train:
        share = shares[one.source]
        for _ in range(int(share) + (chance.random() < share % 1)):
            texts.append(noisy(one.text, chance) if chance.random() < recipe.noise else one.text)
            labels.append((*_labels(one, borrowed), ()))
    for one in sets.tutored if recipe.tutored_weight else ():
        texts.append(noisy(one.text, chance) if chance.random() < recipe.noise else one.text)
        labels.append((_NONE, _NONE, recipe.tutored_weight, 0.0, one.chances))
    for lesson in apart(sets, lessons(recipe.lessons, chance.randrange(2**31))):
        if lesson.lang not in recipe.languages:
            continue
        texts.append(noisy(lesson.text, chance) if chance.random() < recipe.noise else lesson.text)
        emotion = _NONE if lesson.emotion is None else EMOTIONS.index(lesson.emotion)
        sentiment = SENTIMENTS.index(lesson.sentiment)
        labels.append((sentiment, emotion, recipe.lesson_weight, recipe.lesson_weight, ()))
    ids = tokens(tokenizer, texts, recipe.max_length)
    return [
        Sample(one, *label)
        for one, label in zip(ids, labels, strict=True)
        if len(one) > 2  # noqa: PLR2004 -- <s> </s>
    ]


def judged(sets: Sets, tokenizer: Tokenizer, recipe: Recipe) -> list[Sample]:
    """The valid splits as samples, in their order."""
    ids = tokens(tokenizer, [one.text for one in sets.valid], recipe.max_length)
    return [Sample(one, *_labels(given, {})) for one, given in zip(ids, sets.valid, strict=True)]


def tokens(tokenizer: Tokenizer, texts: Sequence[str], longest: int) -> list[tuple[int, ...]]:
    """Ids of raw texts, `<s>` and `</s>` included; a longer text loses its end, not its `</s>`."""
    found = []
    for encoding in tokenizer.encode_batch([normalise(text) for text in texts]):
        ids = encoding.ids
        found.append(tuple(ids if len(ids) <= longest else [*ids[: longest - 1], ids[-1]]))
    return found


def _tutored(path: Path) -> list[Example]:
    """What a tutor labelled; raises Fatal where the file is not what one writes."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [
            Example(
                one["text"], one["like"], one["lang"], "train", None, None, chances=tuple(one["sentiment"])
            )
            for one in rows
        ]
    except (OSError, ValueError, KeyError) as error:
        raise Fatal(f"{path} is not what a tutor writes: {error!r}") from error


def _labels(one: Example, borrowed: dict[str, float]) -> tuple[int, int, float, float]:
    weight = borrowed.get(one.source, 0.0)
    return (
        _NONE if one.sentiment is None else SENTIMENTS.index(one.sentiment),
        _NONE if one.emotion is None else EMOTIONS.index(one.emotion),
        weight if one.borrowed == "sentiment" else 1.0,
        weight if one.borrowed == "emotion" else 1.0,
    )
