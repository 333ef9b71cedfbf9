"""The people of the simulated platforms: few write much, and each is the same person every time."""

import random
from dataclasses import dataclass
from functools import lru_cache

from producers.simulation.world import Platform, phrases

_TAIL = 1.0
_FLAT = 30
"""Ranks up to about this one write equally much; beyond it the power law falls."""
_MOST_FOLLOWERS = 3_000_000
_VERIFIED_RANKS = 40


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody on a platform."""

    id: str
    name: str
    handle: str
    followers: int
    verified: bool


def somebody(dice: random.Random, platform: Platform) -> Author:
    """Who writes next: ranks follow a power law."""
    rank = int(_FLAT * (dice.paretovariate(_TAIL) - 1))
    if rank >= platform.people:
        rank = dice.randrange(platform.people)
    return _author(platform.name, rank)


@lru_cache(maxsize=20_000)
def _author(platform: str, rank: int) -> Author:
    dice = random.Random(f"author/{platform}/{rank}")  # noqa: S311 -- made-up people, not secrets
    names = phrases()["names"]
    first, last = dice.choice(names["first"]), dice.choice(names["last"])
    followers = int(_MOST_FOLLOWERS / (rank + 1) ** 0.9 * dice.uniform(0.5, 1.0))
    return Author(
        id=f"sim-{platform}-{rank}",
        name=f"{first} {last}".title(),
        handle=f"{first}_{last}{rank}",
        followers=followers,
        verified=rank < _VERIFIED_RANKS,
    )
