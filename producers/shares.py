"""Weighted fair turns: several share a quota by their weights, in an order that is always the same, and nobody starves."""

from collections.abc import Mapping, Sequence

import orjson

_SCALE = 60
"""Divided by any weight from 1 to 6 without a remainder, so that what was had is a whole number."""


class Shares:
    """What each one has had of the quota, for its weight: who has had least is next.

    A weight of 4 gets twice what one of 2 gets while both want more. Whoever waits falls behind nobody for ever: what
    the others have had grows past it. One that is new starts level with the one that has had least, without arrears.
    """

    def __init__(self, had: Mapping[str, int]) -> None:
        """`had` is what `stored` said last; nothing at first."""
        self._had = dict(had)

    def order(self, weights: Mapping[str, int]) -> Sequence[str]:
        """The names in the order of their turns; of equals the heavier first, then by name."""
        least = min((self._had[name] for name in weights if name in self._had), default=0)
        for name in weights:
            self._had.setdefault(name, least)
        return sorted(weights, key=lambda name: (self._had[name], -weights[name], name))

    def charge(self, name: str, weight: int, cost: int) -> None:
        """`name` has had `cost` of the quota."""
        self._had[name] = self._had.get(name, 0) + max(1, cost * _SCALE // max(1, weight))

    def stored(self, weights: Mapping[str, int]) -> dict[str, int]:
        """What to begin with next time: of those that are still there, counted from the least."""
        had = {name: self._had[name] for name in weights if name in self._had}
        least = min(had.values(), default=0)
        return {name: value - least for name, value in had.items()}


def had(cursor: str | None) -> dict[str, int]:
    """What `stored` said, from its cursor as JSON; nothing where that cannot be read: all begin level then."""
    try:
        found = orjson.loads(cursor or "{}")
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, int)}
