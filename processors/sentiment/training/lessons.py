"""Lessons: sentences put together from lessons.toml, that teach what the data sets rarely show."""

import math
import random
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.sentiment.behaviour import bare, sentences

_FILE = Path(__file__).with_name("lessons.toml")
_SLOT = re.compile(r"\{(\w+)\}")
_MOODS = {
    "joy": "positive",
    "love": "positive",
    "anger": "negative",
    "sadness": "negative",
    "fear": "negative",
}
_SENTIMENTS = ("negative", "neutral", "positive")
_PICTURES = 0.12
"""The share of lessons that are told by pictures."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A sentence with what it says.

    Attributes:
        text: the sentence.
        name: its kind and language.
        lang: `id` or `en`, either where pictures tell all.
        sentiment: its label.
        emotion: None where it says nothing of that.
        like: the set whose texts it resembles, or `news`, which no set has; empty: none.
    """

    text: str
    name: str
    lang: str
    sentiment: str
    emotion: str | None = None
    like: str = ""


def lessons(number: int, seed: int) -> list[Lesson]:
    """So many lessons, none that the behaviour suite asks; the same seed gives the same ones.

    Both languages are drawn alike often, whichever has more templates, and a kind of one language the more often the more templates it has, by the root of
    their number: a template comes the less often then, and no kind is drowned.
    """
    chance = random.Random(seed)  # noqa: S311 -- to draw sentences, not secrets
    book = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    kinds = [(language, one) for language in ("id", "en") for one in book[language]["lesson"]]
    often = [one for language in ("id", "en") for one in _often(book[language]["lesson"])]
    judged = sentences()
    made: list[Lesson] = []
    while len(made) < number:
        if chance.random() < _PICTURES:
            made.append(_pictured(book["pictures"], chance))
            continue
        [(language, kind)] = chance.choices(kinds, often)
        label = chance.choice(_labels(kind))
        text = filled(chance.choice(kind[label]), book[language]["words"], chance)
        if bare(text) in judged:
            continue
        sentiment, emotion = (_MOODS[label], label) if label in _MOODS else (label, None)
        name = f"{kind['name']} {language}"
        made.append(Lesson(text, name, language, sentiment, emotion, kind.get("like", "")))
    return made


def filled(template: str, words: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    """A template with a word in each slot; a list of words stands in it no more than once with the same word."""
    left: dict[str, list[str]] = {}

    def word(match: re.Match[str]) -> str:
        rest = left.setdefault(match[1], list(words[match[1]]))
        return rest.pop(chance.randrange(len(rest)))

    text = _SLOT.sub(word, template)
    return text[0].upper() + text[1:] if chance.random() < 0.4 else text  # noqa: PLR2004 -- some do, some don't


def _often(kinds: Sequence[Mapping[str, Any]]) -> list[float]:
    """How often each kind of one language comes; the sum is 1."""
    roots = [math.sqrt(sum(len(one[label]) for label in _labels(one))) for one in kinds]
    return [one / sum(roots) for one in roots]


def _labels(kind: Mapping[str, Any]) -> list[str]:
    """Sentiments or moods that a kind of lesson has templates of."""
    return [one for one in (*_SENTIMENTS, *_MOODS) if one in kind]


def _pictured(pictures: Mapping[str, Any], chance: random.Random) -> Lesson:
    mood = chance.choice([*_MOODS, "positive", "negative"])
    shown = chance.choice(pictures[mood]) * chance.randint(1, 3)
    text = f"{chance.choice(pictures['plain'])} {shown}".strip()
    emotion = mood if mood in _MOODS else None
    return Lesson(text, "pictures", chance.choice(("id", "en")), _MOODS.get(mood, mood), emotion)
