"""The order in which the rows of a bounded table came, and which of them go when one more comes."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any


class Arrivals:
    """The keys of committed rows in the order they came.

    The last field of a row is its number in that order. A restored table does not have it otherwise: of a key that was
    written twice a compacted changelog has the later place, one that is not compacted the earlier.
    """

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()
        self.last = 0
        """The highest number so far."""

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def take(self, key: str, number: int | None) -> None:
        """A row was committed, or (None) deleted; numbers come in their order."""
        self._keys.pop(key, None)
        if number is not None:
            self._keys[key] = None
            self.last = max(self.last, number)


class Arriving:
    """What one batch adds to a table of at most so many rows.

    For every row too many the one that came first is forgotten at once, so that what is known when a row comes does not
    depend on where batches begin and end.
    """

    def __init__(self, known: Arrivals, at_most: float) -> None:
        self._known = known
        self._at_most = at_most
        self._next = known.last + 1
        self._oldest = iter(known)
        self.rows: dict[str, list[Any]] = {}
        """The rows to put, in the order of their numbers."""
        self.replaced: dict[str, None] = {}
        """The committed rows that count no more."""

    def add(self, key: str, fields: list[Any]) -> tuple[list[Any], list[str]]:
        """The row as it is kept, with its number, and the keys of this batch that are forgotten for it.

        A key that is there already comes anew.
        """
        if key in self._known:
            self.replaced[key] = None
        self.rows.pop(key, None)
        row = self.rows[key] = [*fields, self._next]
        self._next += 1
        gone = []
        while len(self._known) - len(self.replaced) + len(self.rows) > self._at_most:
            # All that is committed came before all that is not.
            committed = next((one for one in self._oldest if one not in self.replaced), None)
            if committed is not None:
                self.replaced[committed] = None
            else:
                first = next(iter(self.rows))
                del self.rows[first]
                gone.append(first)
        return row, gone

    def deleted(self) -> list[str]:
        """The committed keys to delete."""
        return [key for key in self.replaced if key not in self.rows]
