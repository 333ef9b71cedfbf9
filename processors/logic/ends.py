"""Keys of windows in order of the windows' ends."""

from bisect import insort
from collections.abc import Iterable, Iterator
from heapq import merge

_FARTHEST = 1 << 62


class ByEnd:
    """A set of (end, key), read from the earliest end on; keys of one end in the order they came."""

    def __init__(self) -> None:
        self._keys: dict[int, dict[str, None]] = {}
        self._ends: list[int] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __contains__(self, item: tuple[int, str]) -> bool:
        return item[1] in self._keys.get(item[0], ())

    def add(self, end: int, key: str) -> None:
        """Add; nothing happens where it is there."""
        keys = self._keys.get(end)
        if keys is None:
            keys = self._keys[end] = {}
            insort(self._ends, end)
        if key not in keys:
            keys[key] = None
            self._size += 1

    def discard(self, end: int, key: str) -> None:
        """Remove; nothing happens where it is not there."""
        keys = self._keys.get(end)
        if keys is None or key not in keys:
            return
        del keys[key]
        self._size -= 1
        if not keys:
            del self._keys[end]
            self._ends.remove(end)

    def up_to(self, end: int) -> Iterator[tuple[int, str]]:
        """(end, key) of every window that ends at or before `end`; not to be changed meanwhile."""
        for one in self._ends:
            if one > end:
                return
            for key in self._keys[one]:
                yield one, key

    def count_up_to(self, end: int) -> int:
        """How many `up_to` yields."""
        count = 0
        for one in self._ends:
            if one > end:
                break
            count += len(self._keys[one])
        return count


def in_order(sets: Iterable[ByEnd]) -> Iterator[tuple[int, str]]:
    """(end, key) of all in these sets, the earliest end first."""
    return iter(merge(*(one.up_to(_FARTHEST) for one in sets), key=lambda item: item[0]))
