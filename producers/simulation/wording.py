"""The wording: how a feeling about a subject is put into words, as a headline or as talk."""

import random
from typing import Literal

from producers.simulation.world import FEELINGS, Feeling, Language, Subject, phrases

_BASE = {"positive": 0.28, "negative": 0.28, "neutral": 0.44}
_MOOD = 0.9
_CALM = 0.5


def feeling(dice: random.Random, mood: float, *, calm: bool) -> Feeling:
    """A feeling for a subject of that mood; outlets are calmer than people."""
    sway = mood * _MOOD * (_CALM if calm else 1.0)
    weights = [
        _BASE["positive"] * (1 + max(sway, 0) * 3) * (1 + min(sway, 0)),
        _BASE["negative"] * (1 - min(sway, 0) * 3) * (1 - max(sway, 0)),
        _BASE["neutral"] * (2.0 if calm else 1.0),
    ]
    return dice.choices(FEELINGS, weights)[0]


def headline(dice: random.Random, language: Language, subject: Subject, how: Feeling) -> str:
    """As an outlet writes."""
    text = _phrase(dice, language, "headline", subject, how)
    return text[0].upper() + text[1:]


def talk(dice: random.Random, language: Language, subject: Subject, how: Feeling) -> str:
    """As people write: a remark, sometimes with a sigh before, a wish after, hashtags and a cashtag."""
    words = phrases()[language]
    parts = [_phrase(dice, language, "talk", subject, how)]
    if dice.random() < 0.5:  # noqa: PLR2004 -- a habit of people, as are the shares below
        parts.insert(0, dice.choice(words["opener"][how]))
    if dice.random() < 0.5:  # noqa: PLR2004
        parts.append(dice.choice(words["closer"][how]))
    if dice.random() < 0.4:  # noqa: PLR2004
        parts += [f"#{tag}" for tag in subject.hashtags]
    if subject.symbols and dice.random() < 0.6:  # noqa: PLR2004
        parts += [f"${symbol}" for symbol in subject.symbols]
    return " ".join(parts)


def _phrase(
    dice: random.Random, language: Language, way: Literal["headline", "talk"], subject: Subject, how: Feeling
) -> str:
    words = phrases()[language]
    template: str = dice.choice(words[way][subject.kind][how])
    return template.format(
        name=dice.choice(subject.names[language]),
        place=dice.choice(words["places"]),
        number=dice.randint(2, 900),
        percent=f"{dice.uniform(0.2, 9.0):.1f}".replace(".", "," if language == "id" else "."),
    )
