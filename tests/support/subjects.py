"""Stories on many subjects whose words drift, among stories on none: a seeded set of which it is known what belongs together."""

import random
from dataclasses import dataclass
from itertools import accumulate

from schemas.events import Story

START = 1_440_381_600_000
MINUTE = 60_000
_SYLLABLES = [
    *("ba", "ka", "ra", "mi", "to", "su", "len", "dar", "pi", "nga", "sa", "ter"),
    *("ing", "go", "ya", "men", "ju", "al", "ber", "ha", "ti", "no", "kan", "des"),
]
_STOP = ("yang", "dan", "di", "dengan", "untuk", "the", "of", "and", "in", "to")
OWN = 24
"""Words a subject has at a time."""
SHARED = 600


@dataclass(frozen=True, slots=True)
class Written:
    """One story; `subject` is None where it is on none of the subjects."""

    number: int
    subject: int | None
    text: str


def written(seed: int, count: int, *, subjects: int = 40, noise: float = 0.1) -> list[Written]:
    """`count` stories in order of time. Each subject is spoken of for a while, and of its words some are replaced as it goes on."""
    dice = random.Random(seed)
    pool = _words(dice, 6_000)
    shared = pool[:SHARED]
    shares = list(accumulate(1 / (rank + 4) for rank in range(SHARED)))
    own = [[dice.choice(pool[SHARED:]) for _ in range(OWN)] for _ in range(subjects)]
    weights = [dice.paretovariate(1.3) for _ in range(subjects)]
    begins = [dice.uniform(-0.5, 0.9) * count for _ in range(subjects)]
    lasts = [dice.uniform(0.4, 1.2) * count for _ in range(subjects)]
    made = []
    for number in range(count):
        live = [one for one in range(subjects) if begins[one] <= number < begins[one] + lasts[one]]
        subject = None
        if live and dice.random() >= noise:
            subject = dice.choices(live, [min(weights[one], 8) for one in live])[0]
            if dice.random() < 0.02:
                own[subject][dice.randrange(4, OWN)] = dice.choice(pool[SHARED:])
        words = dice.choices(shared, cum_weights=shares, k=dice.randint(5, 16))
        words += dice.choices(_STOP, k=dice.randint(2, 8))
        if subject is None:
            words += dice.choices(pool[SHARED:], k=dice.randint(3, 6))
        else:
            ranks = [1 / (rank + 2) for rank in range(OWN)]
            words += dice.choices(own[subject], ranks, k=dice.randint(3, 7))
        dice.shuffle(words)
        made.append(Written(number, subject, " ".join(words)))
    return made


def story(number: int, text: str, **changes: object) -> Story:
    """The story `text` tells, a minute after the one before."""
    at = START + number * MINUTE
    record: dict[str, object] = {
        "id": f"{number:032x}",
        "revision": 1,
        "post_id": f"news:{number}",
        "platform": "news",
        "source": "wire",
        "url": None,
        "excerpt": text[:280],
        "subjects": [],
        "sources": {"news/wire": 1},
        "copies": 0,
        "authors": 1,
        "positive": int(number % 3 == 0),
        "negative": int(number % 3 == 1),
        "neutral": int(number % 3 == 2),
        "first_seen": at,
        "last_seen": at,
        "updated_at": at + MINUTE,
    }
    return record | changes  # type: ignore[return-value]  # the fields of a Story, as above


def _words(dice: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(dice.choices(_SYLLABLES, k=dice.randint(2, 4)))] = None
    return [word for word in found if len(word) > 3]
