"""Five days of made-up authors: people who sleep, outlets that reprint, and planted ones that no person is."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from schemas.events import Mention
from tests.support.profiling import said

HOUR = 3_600_000
MINUTE = 60_000
DAYS = 5
PEOPLE = 60
_WORDS = [f"{one}{two}{three}" for one in ("ba", "ke", "si", "to", "mu") for two in "nrlkst" for three in
          ("a", "ing", "at", "uh", "as", "ela", "ono", "ip")]  # fmt: skip
_MOODS = ("positive", "negative", "neutral")


class Planted(NamedTuple):
    """Mentions in order of time, and which signals which authors must have."""

    mentions: list[Mention]
    signs: dict[str, str]


def planted(seed: int) -> Planted:
    """The same for the same seed."""
    dice = random.Random(seed)
    drafts = [*_people(dice), *_desks(dice)]
    signs: dict[str, str] = {}
    for kind, made in (
        ("repeated_text", _repeaters(dice)),
        ("shared_text", _rings(dice)),
        ("rate", _fast(dice)),
        ("day_round", _sleepless(dice)),
    ):
        own = list(made)
        signs |= {f"{one.platform}:{one.author}": kind for one in own}
        drafts += own
    drafts.sort(key=lambda one: one.at)
    mentions = [
        said(number, one.author, one.at, one.text, id=f"{one.platform}:{number}", platform=one.platform,
             sentiment=dice.choice(_MOODS), hashtags=["ihsg"] if number % 3 else [])
        for number, one in enumerate(drafts)
    ]  # fmt: skip
    return Planted(mentions, signs)


class _Draft(NamedTuple):
    at: int
    author: str
    text: str
    platform: str = "x"


def _text(dice: random.Random, words: int = 14) -> str:
    return " ".join(dice.choices(_WORDS, k=words))


def _people(dice: random.Random) -> Iterator[_Draft]:
    """Awake for at most 18 hours, some of them busy; now and then they say something again, or what somebody else has said."""
    heard = [_text(dice)]
    for number in range(PEOPLE):
        author, wakes, awake = f"person{number}", dice.randrange(24), dice.uniform(12, 18)
        habit = _text(dice, 9)
        for day in range(DAYS):
            posts = int(dice.paretovariate(1.2) * 3) if number % 10 else dice.randint(25, 60)
            for _ in range(min(posts, 60)):
                at = day * 24 * HOUR + int((wakes + dice.random() * awake) * HOUR)
                chance = dice.random()
                if chance < 0.15:
                    text = f"RT @somebody: {dice.choice(heard)}"
                elif chance < 0.18:
                    text = dice.choice(heard)
                elif chance < 0.3:
                    text = habit
                else:
                    text = _text(dice, dice.randint(4, 20))
                    heard.append(text)
                yield _Draft(at, author, text)
        if number % 20 == 0:
            # A match is on.
            for minute in range(58):
                yield _Draft(wakes * HOUR + minute * MINUTE, author, _text(dice, dice.randint(3, 12)))


def _desks(dice: random.Random) -> Iterator[_Draft]:
    """Outlets print what an agency sends, at all hours and alike."""
    for hour in range(DAYS * 24):
        text = _text(dice, 30)
        for desk in range(4):
            yield _Draft(hour * HOUR + desk * MINUTE, f"desk{desk}", text, "news")


def _repeaters(dice: random.Random) -> Iterator[_Draft]:
    """One advertisement, with another price each time, a little changed or not."""
    for number in range(8):
        short = number % 2 == 0
        advertisement = _text(dice, 6 if short else 20).split()
        for _ in range(30):
            words = [*advertisement, f"{dice.randrange(1000)}"]
            if not short:
                words.insert(dice.randrange(len(words)), dice.choice(_WORDS))
            day = dice.randrange(DAYS)
            yield _Draft(day * 24 * HOUR + dice.randrange(12) * HOUR, f"repeater{number}", " ".join(words))
        for day in range(DAYS):
            yield _Draft(day * 24 * HOUR + 5 * HOUR, f"repeater{number}", _text(dice))


def _rings(dice: random.Random) -> Iterator[_Draft]:
    """Accounts that post the same texts within minutes, each time begun by another one."""
    for ring in range(3):
        for _ in range(14):
            text, at = _text(dice, 16), dice.randrange(DAYS) * 24 * HOUR + dice.randrange(14) * HOUR
            members = [f"ring{ring}x{member}" for member in range(6)]
            dice.shuffle(members)
            for place, member in enumerate(members):
                yield _Draft(at + place * MINUTE, member, text)
        for number in range(6):
            yield _Draft(dice.randrange(DAYS) * 24 * HOUR, f"ring{ring}x{number}", _text(dice))


def _fast(dice: random.Random) -> Iterator[_Draft]:
    """A text of its own every minute, for four hours."""
    for number in range(5):
        begins = dice.randrange(DAYS) * 24 * HOUR
        for minute in range(240):
            yield _Draft(begins + minute * MINUTE, f"fast{number}", _text(dice, dice.randint(4, 16)))


def _sleepless(dice: random.Random) -> Iterator[_Draft]:
    """Something every hour, for three days."""
    for number in range(5):
        begins = dice.randrange(DAYS - 2) * 24
        for hour in range(72):
            at = (begins + hour) * HOUR + dice.randrange(HOUR)
            yield _Draft(at, f"sleepless{number}", _text(dice, dice.randint(4, 16)))
