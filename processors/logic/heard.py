"""When anybody listened: the stretches of event time in which posts were counted."""

from collections.abc import Iterable, Sequence

_MOST = 64
"""Stretches kept; beyond that the oldest are forgotten."""


class Heard:
    """Stretches of event time (epoch ms) with posts, apart by more than `quiet_ms`.

    Within a stretch a window without mentions had none. Between two there was no silence but nobody listening: posts of
    2015 that are replayed today say nothing about the years between, so those must not count as years of zeros.
    """

    def __init__(self, quiet_ms: int, stretches: Iterable[Sequence[int]] = ()) -> None:
        self._quiet_ms = quiet_ms
        self._stretches = sorted((first, last) for first, last in stretches)

    def copy(self) -> "Heard":
        """Another one that changes on its own."""
        return Heard(self._quiet_ms, self._stretches)

    def rows(self) -> list[list[int]]:
        """[first, last] of every stretch: what must survive a restart."""
        return [list(stretch) for stretch in self._stretches]

    def add(self, at: int) -> None:
        """There was a post at this instant."""
        for first, last in self._stretches:
            if first <= at <= last:
                return
        near = [one for one in self._stretches if one[0] - self._quiet_ms <= at <= one[1] + self._quiet_ms]
        merged = (min([at, *(first for first, _ in near)]), max([at, *(last for _, last in near)]))
        self._stretches = sorted({*self._stretches, merged} - set(near))[-_MOST:]

    def since(self, start: int, end: int) -> int:
        """Since when there has been a stretch that reaches into [start, end); `start` where there is none."""
        for first, last in reversed(self._stretches):
            if first < end and last >= start:
                return first
        return start
