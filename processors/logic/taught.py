"""What one partition has learnt, in order of the last window that has taught it."""

from collections.abc import Iterator

from processors.logic.ends import ByEnd, in_order
from processors.logic.scoring import BaselineRow, last_taught
from processors.logic.spans import WINDOWS


class Taught:
    """An index over committed baselines: `window|subject` by the start of that last window. Rows of other kinds (seasons) are passed over."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._keys = {window: ByEnd() for window in WINDOWS}

    def __len__(self) -> int:
        return len(self._last)

    def take(self, key: str, known: BaselineRow | None) -> None:
        """Baselines were committed, or (None) deleted."""
        window = key.partition("|")[0]
        held = self._keys.get(window)
        if held is None:
            return
        last = None if known is None else last_taught(known)
        before = self._last.get(key)
        if last == before:
            return
        if before is not None:
            held.discard(before, key)
        if last is None:
            del self._last[key]
        else:
            self._last[key] = last
            held.add(last, key)

    def up_to(self, window: str, last: int) -> Iterator[str]:
        """Keys of that kind of window that no window which begins after `last` has taught; not to be changed meanwhile."""
        return (key for _, key in self._keys[window].up_to(last))

    def oldest(self) -> Iterator[tuple[int, str]]:
        """(start of the last window, key) of all, those taught longest ago first."""
        return in_order(self._keys.values())
