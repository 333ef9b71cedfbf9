"""One run of a collector in a thread of its own, batch by batch; one that hangs can be left alone."""

import threading
from collections.abc import Mapping
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Semaphore, Thread
from typing import Protocol

from producers.asked import Asked, asking
from producers.base import Batch, Collector


@dataclass(frozen=True, slots=True)
class Ended:
    """A run has ended, by `error` where there is one."""

    error: Exception | None


@dataclass(frozen=True, slots=True, eq=False)
class Handed:
    """What a reading hands over: its next batch, or last of all its end."""

    reading: "Reading"
    what: Batch | Ended


class Out(Protocol):
    """Where a reading puts what it finds."""

    def put(self, item: Handed, /) -> None:
        """Take it; never waits."""
        ...


class _ReadingThread(Thread):
    """One of ours, to be told from all others."""


def some_left() -> bool:
    """Whether a run of this process has not returned yet."""
    return any(isinstance(thread, _ReadingThread) for thread in threading.enumerate())


class Reading:
    """Reads one run of `collector` over `source`, and puts what it finds into `out`.

    `asked` says which keywords it is for. After each batch it waits for `go_on`. The thread is a daemon: a collector that hangs in a library does not keep the
    process from ending.
    """

    def __init__(
        self,
        collector: Collector,
        source: str,
        cursors: Mapping[str, str],
        out: Out,
        asked: Asked | None = None,
    ) -> None:
        self.source = source
        self._collector = collector
        self._cursors = cursors
        self._out = out
        self._asked = asked
        self._halt = Event()
        self._next = Semaphore(0)
        self._cut = False
        self._thread = _ReadingThread(
            target=copy_context().run, args=(self._read,), name=f"{collector.name}-{source}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def go_on(self) -> None:
        """The last batch is acknowledged: read the next one."""
        self._next.release()

    def halt(self) -> None:
        """Tell the collector to stop; what it still hands over counts."""
        self._halt.set()

    def cut(self) -> None:
        """Let it end without taking anything more from it."""
        self._cut = True
        self._halt.set()
        self._next.release()

    @property
    def alive(self) -> bool:
        """Whether the collector has not returned yet."""
        return self._thread.is_alive()

    def _read(self) -> None:
        error: Exception | None = None
        try:
            batches = self._collector.collect(self.source, self._cursors, self._halt)
            with asking(self._asked), closing(batches):
                for batch in batches:
                    self._out.put(Handed(self, batch))
                    self._next.acquire()
                    if self._cut:
                        break
        except Exception as caught:  # noqa: BLE001 -- part of the runner, which decides what it means
            error = caught
        self._out.put(Handed(self, Ended(error)))
