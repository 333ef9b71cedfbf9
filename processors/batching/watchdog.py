"""Tells when a worker has work and makes no progress: health is commit progress, not a running process."""

from collections.abc import Callable
from time import monotonic


class Pulse:
    """The heartbeat of one piece of work; `clock` gives monotonic seconds."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self.name = name
        self._clock = clock
        self._since: float | None = None

    def busy(self) -> None:
        """There is work; the clock starts unless it runs already."""
        if self._since is None:
            self._since = self._clock()

    def beat(self, *, busy: bool) -> None:
        """There was progress; `busy` says whether there is still work."""
        self._since = self._clock() if busy else None

    def stalled_s(self) -> float:
        """For how long there has been work without progress."""
        return 0.0 if self._since is None else self._clock() - self._since
