"""Which fault a server is to make next, drawn at random: each collector only what has a meaning for it."""

import random
from dataclasses import dataclass
from typing import Any

from tests.support.upstreams import Fault
from tests.support.upstreams.everyone import FOCUS
from tests.support.upstreams.scripted import Scripted
from tests.support.upstreams.sites import SitesUpstream
from tests.support.upstreams.x import STREAM_PATH, XUpstream
from tests.support.upstreams.yahoo import YahooUpstream

QUICK: tuple[Fault, ...] = ("429-retry-after", "500", "cut", "slow", "frozen", "malformed", "empty")
"""After these a collector comes back within seconds."""
PARKING: tuple[Fault, ...] = ("401", "429")
"""After these it comes back after minutes, or when it is started again."""
_STREAMED: tuple[Fault, ...] = ("500", "cut", "malformed", "empty")
_OF_ARTICLES: tuple[Fault, ...] = ("500", "cut", "slow")
_PARKED, _STREAM = 0.08, 0.3
_SLOW_S = 30.0


@dataclass(frozen=True)
class Choice:
    """A fault, what more is said of it, and whether its collector is parked by it. `article`: it is for an article yet to come."""

    kind: Fault
    more: dict[str, Any]
    parks: bool = False
    article: bool = False


def more_of(server: Scripted, kind: Fault, after_s: int = 1) -> dict[str, Any]:
    """Where it happens and how long it takes."""
    return {"seconds": after_s if kind == "429-retry-after" else _SLOW_S, **FOCUS.get(server.name, {})}


def chosen(server: Scripted, dice: random.Random, *, articles: bool, parking: bool) -> Choice:
    """The next fault; of articles themselves, and one that parks its collector, only where that is allowed."""
    parks = parking and dice.random() < _PARKED
    kind = dice.choice(PARKING if parks else QUICK)
    if isinstance(server, YahooUpstream) and kind == "401":
        # One that comes once is a crumb that expired: it is fetched again, in the same run.
        kind = "429"
    more = more_of(server, kind, dice.choice((1, 3)))
    if isinstance(server, XUpstream) and dice.random() < _STREAM:
        # How long a 429 of the stream asks to wait nobody is told: a quarter of an hour is waited for then.
        return Choice(kind if parks else dice.choice(_STREAMED), {**more, "path": STREAM_PATH}, parks)
    if articles and isinstance(server, SitesUpstream) and kind in _OF_ARTICLES:
        return Choice(kind, {**more, "path": server.path(server.published)}, article=True)
    return Choice(kind, more, parks)
