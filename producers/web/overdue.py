"""Ends a request whose time is up, or that is told to stop, whatever it waits for: limits of single reads do not add up."""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

from schemas.errors import Retryable

_SLICE_S = 0.1

Trace = Callable[[str, Mapping[str, Any]], None]
"""What httpx takes as the extension `trace` of a request."""


class _Watch:
    """Shuts the connection that it was told of, from a thread of its own."""

    def __init__(self, deadline: float, stop: Event) -> None:
        self._deadline, self._stop = deadline, stop
        self._over = Event()
        self._connection: socket.socket | None = None
        self._thread = Thread(target=self._run, name="web-overdue", daemon=True)
        self.why: str | None = None
        """Why it was shut, where it was."""

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Remember the connection, once it is made and once more when it is encrypted."""
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._connection = info["return_value"].get_extra_info("socket")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Shut nothing any more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(_SLICE_S):
            connection = self._connection
            if connection is None:
                continue
            if self._stop.is_set():
                self.why = "told to stop while reading"
            elif time.monotonic() >= self._deadline:
                self.why = "too slow: the answer was not over in time"
            else:
                continue
            with suppress(OSError):
                # Not TLS's own, which would have what is still to come read as if it were not encrypted.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def in_time(deadline: float, stop: Event) -> Iterator[Trace]:
    """What is done meanwhile with a connection that is traced is over soon after `deadline` (of time.monotonic) or `stop`.

    Raises Retryable where it was cut, whatever was made of what had come by then.
    """
    watch = _Watch(deadline, stop)
    watch.start()
    try:
        yield watch.trace
    except Exception as error:
        watch.end()
        if watch.why is not None:
            raise Retryable(watch.why) from error
        raise
    finally:
        watch.end()
    if watch.why is not None:
        raise Retryable(watch.why)
