"""Turns at hosts: one request at a time to each, with a pause between two."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock

from schemas.errors import Retryable

_SLICE_S = 0.1


@dataclass(slots=True)
class _Host:
    lock: Lock = field(default_factory=Lock)
    free_at: float = 0.0


class Hosts:
    """Gives out turns; used by many threads."""

    def __init__(self, gap_s: float) -> None:
        """`gap_s` is the pause between the end of one request to a host and the start of the next."""
        self._gap_s = gap_s
        self._lock = Lock()
        self._hosts: dict[str, _Host] = {}

    @contextmanager
    def turn(self, host: str, stop: Event, patience_s: float) -> Iterator[None]:
        """The only request to `host` meanwhile; raises Retryable after `patience_s` or once `stop` is set."""
        with self._lock:
            one = self._hosts.setdefault(host.lower(), _Host())
        deadline = time.monotonic() + patience_s
        while not one.lock.acquire(timeout=_SLICE_S):
            if stop.is_set() or time.monotonic() >= deadline:
                raise Retryable(f"no turn at {host}: another request to it is still under way")
        try:
            if stop.wait(max(0.0, one.free_at - time.monotonic())):
                raise Retryable(f"told to stop before the turn at {host}")
            yield
        finally:
            one.free_at = time.monotonic() + self._gap_s
            one.lock.release()
