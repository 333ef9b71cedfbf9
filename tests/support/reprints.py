"""Generated posts of which it is known which copy which: reprints with edits, cuts and the boilerplate of their outlets.

Originals on one subject share its words, phrases and now and then a quotation, so that being about the same does not look like
being the same. Everything follows from the seed.
"""

import random
from dataclasses import dataclass
from itertools import accumulate

_SYLLABLES = [
    *("ba", "ka", "ra", "mi", "to", "su", "len", "dar", "pi", "nga", "sa", "ter"),
    *("ing", "go", "ya", "men", "ju", "al", "ber", "ha", "ti", "no", "kan", "des"),
]
_SHORT = ("exact", "repeated", "edited", "cut")
_LONG = ("exact", "edited", "cut", "wrapped", "mixed")
OUTLETS = 12
FEED = "feed"
SUBJECTS = 25


@dataclass(frozen=True, slots=True)
class Told:
    """One post: `group` is the number of the original it says again; equal for all that say the same.

    Short ones are of one feed, articles of some outlets.
    """

    number: int
    group: int
    source: str
    text: str
    how: str
    """original, or how it was copied: exact, edited, cut, wrapped, mixed, repeated."""


def reprints(seed: int, count: int, *, share: float = 0.35) -> list[Told]:
    """`count` posts in the order of their times, about `share` of them copies of earlier ones."""
    writer = _Writer(random.Random(seed))
    told: list[Told] = []
    originals: list[tuple[int, list[str], bool]] = []
    dice = writer.dice
    for number in range(count):
        outlet = dice.randrange(OUTLETS)
        if originals and dice.random() < share:
            # Mostly of what is new, some of it again and again.
            back = min(int(dice.expovariate(1 / 60)), len(originals) - 1)
            group, words, short = originals[-1 - back]
            how, copied = writer.copy(words, outlet, short=short)
            told.append(Told(number, group, FEED if short else f"outlet{outlet}", copied, how))
            continue
        short = dice.random() < 0.4
        words = writer.original(short=short)
        originals.append((number, words, short))
        text = " ".join(words) if short else writer.wrapped(words, outlet)
        told.append(Told(number, number, FEED if short else f"outlet{outlet}", text, "original"))
    return told


class _Writer:
    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        words = {"".join(dice.choices(_SYLLABLES, k=dice.randint(1, 4))) for _ in range(9_000)}
        self._words = sorted(words)
        dice.shuffle(self._words)
        self._weights = [*accumulate(1 / (rank + 3) for rank in range(len(self._words)))]
        self._topical = [dice.sample(self._words, 60) for _ in range(SUBJECTS)]
        self._phrases = [
            [self._some(dice.randint(3, 7), topic) for _ in range(12)] for topic in range(SUBJECTS)
        ]
        self._quotes = [
            [self._some(dice.randint(8, 18), topic) for _ in range(6)] for topic in range(SUBJECTS)
        ]
        self._heads = [self._some(dice.randint(3, 10), 0) for _ in range(OUTLETS)]
        self._tails = [[self._some(dice.randint(8, 30), 0) for _ in range(3)] for _ in range(OUTLETS)]

    def original(self, *, short: bool) -> list[str]:
        """A new text on some subject."""
        dice = self.dice
        topic = dice.randrange(SUBJECTS)
        length = dice.randint(10, 28) if short else dice.randint(60, 420)
        words: list[str] = []
        while len(words) < length:
            kind = dice.random()
            if kind < 0.12:
                words += dice.choice(self._phrases[topic])
            elif kind < 0.13 and not short:
                words += dice.choice(self._quotes[topic])
            else:
                words += self._some(dice.randint(4, 12), topic)
        return words[:length] if short else words

    def copy(self, words: list[str], outlet: int, *, short: bool) -> tuple[str, str]:
        """(how, the text) of a copy of an original."""
        how = self.dice.choice(_SHORT if short else _LONG)
        return how, self._short(how, words) if short else self._long(how, words, outlet)

    def _short(self, how: str, words: list[str]) -> str:
        dice = self.dice
        if how == "repeated":
            return f"RT @{dice.choice(self._words)}: {' '.join(words)}"
        if how == "cut":
            return " ".join(words[: max(9, int(len(words) * dice.uniform(0.6, 0.95)))]) + "\u2026"
        return " ".join(self._edited(words, 0.06) if how == "edited" else words)

    def _long(self, how: str, words: list[str], outlet: int) -> str:
        dice = self.dice
        if how == "edited":
            return " ".join(self._edited(words, dice.uniform(0.02, 0.1)))
        if how == "cut":
            return " ".join(words[: int(len(words) * dice.uniform(0.3, 0.8))]) + "\u2026"
        if how == "wrapped":
            return self.wrapped(words, outlet)
        if how == "mixed":
            kept = words[: int(len(words) * dice.uniform(0.4, 0.9))]
            return self.wrapped(self._edited(kept, dice.uniform(0.01, 0.06)), outlet)
        return " ".join(words)

    def wrapped(self, words: list[str], outlet: int) -> str:
        """The text as an outlet prints it: between its own head and some of its tails."""
        tails = self.dice.sample(self._tails[outlet], self.dice.randint(0, 2))
        return " ".join([*self._heads[outlet], *words, *(word for tail in tails for word in tail)])

    def _edited(self, words: list[str], share: float) -> list[str]:
        """Words replaced, left out and put in, each at `share` in sum, and now and then two passages swapped."""
        dice = self.dice
        edited: list[str] = []
        for word in words:
            fate = dice.random()
            if fate < share / 3:
                continue
            edited.append(dice.choice(self._words) if fate < 2 * share / 3 else word)
            if fate > 1 - share / 3:
                edited.append(dice.choice(self._words))
        if len(edited) > 60 and dice.random() < 0.3:
            at = dice.randrange(20, len(edited) - 20)
            edited = edited[at:] + edited[:at]
        return edited

    def _some(self, count: int, topic: int) -> list[str]:
        dice = self.dice
        common = dice.choices(self._words, cum_weights=self._weights, k=count)
        return [dice.choice(self._topical[topic]) if dice.random() < 0.35 else word for word in common]
