"""Turns at hosts: one request at a time to each, with a pause between two, and so many at once in all."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Lock, Semaphore

from schemas.errors import Retryable

_SLICE_S = 0.1
_MOST_HOSTS = 1_000
_LONGEST_PAUSE_S = 300.0
"""After which a host that nobody is at may be forgotten: no pause is longer."""


@dataclass(slots=True)
class _Host:
    lock: Lock = field(default_factory=Lock)
    ended_at: float = 0.0
    users: int = 0
    """Those at it or waiting for it."""


class Hosts:
    """Gives out turns; used by many threads."""

    def __init__(self, gap_s: float, most: int | None = None) -> None:
        """`gap_s` is the pause between the end of one request to a host and the start of the next.

        `most` bounds the turns at once over all hosts.
        """
        self._gap_s = gap_s
        self._lock = Lock()
        self._hosts: dict[str, _Host] = {}
        self._all = None if most is None else Semaphore(most)

    @contextmanager
    def turn(self, host: str, stop: Event, patience_s: float, gap_s: float = 0.0) -> Iterator[None]:
        """The only request to `host` meanwhile, after at least `gap_s` where that is longer than the pause of all.

        Raises Retryable after `patience_s` or once `stop` is set; pauses do not count.
        """
        one = self._known(host.lower())
        try:
            with self._alone(one, host, stop, patience_s, gap_s):
                yield
        finally:
            with self._lock:
                one.users -= 1

    def _known(self, host: str) -> _Host:
        """That host, with one user more; where many are known, those whose pauses are long over are forgotten."""
        with self._lock:
            if len(self._hosts) >= _MOST_HOSTS and host not in self._hosts:
                over = time.monotonic() - max(_LONGEST_PAUSE_S, self._gap_s)
                self._hosts = {
                    name: one for name, one in self._hosts.items() if one.users or one.ended_at > over
                }
            one = self._hosts.setdefault(host, _Host())
            one.users += 1
            return one

    @contextmanager
    def _alone(self, one: _Host, host: str, stop: Event, patience_s: float, gap_s: float) -> Iterator[None]:
        deadline = time.monotonic() + patience_s
        while not one.lock.acquire(timeout=_SLICE_S):
            if stop.is_set() or time.monotonic() >= deadline:
                raise Retryable(f"no turn at {host}: another request to it is still under way")
        try:
            free_at = one.ended_at + max(self._gap_s, gap_s) if one.ended_at else 0.0
            if stop.wait(max(0.0, free_at - time.monotonic())):
                raise Retryable(f"told to stop before the turn at {host}")
            self._enter(host, stop, patience_s)
            try:
                yield
            finally:
                one.ended_at = time.monotonic()
                if self._all is not None:
                    self._all.release()
        finally:
            one.lock.release()

    def _enter(self, host: str, stop: Event, patience_s: float) -> None:
        deadline = time.monotonic() + patience_s
        while self._all is not None and not self._all.acquire(timeout=_SLICE_S):
            if stop.is_set() or time.monotonic() >= deadline:
                raise Retryable(f"no turn at {host}: as many requests as may be are under way")
