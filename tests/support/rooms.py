"""Our processes as a user starts them, `python -m ROOM …`; in a test run forked from one that has imported them.

A fork costs a tenth of a start from nothing, and a test run starts hundreds. What is forked is a process of its own in every other
way: killed with -9, stopped by SIGTERM, configured by its environment alone. Benches start from nothing, for it is those that users have.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, Protocol

from tests.support import preloaded

ROOT = Path(__file__).parents[2]


class Room(Protocol):
    """What a test may do with a process of ours."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended; subprocess.TimeoutExpired where it has not in time."""

    def send_signal(self, number: int, /) -> None:
        """Send a signal, unless it has ended."""

    def terminate(self) -> None:
        """SIGTERM."""

    def kill(self) -> None:
        """SIGKILL."""


def start(words: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> Room:
    """Start one; `output` and `errors` are descriptors, and stay the caller's."""
    preloading = _PRELOADING[-1] if _PRELOADING else None
    if preloading is not None:
        return _Forked(preloading.made, words, environment, output, errors)
    return subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
    )


def run(
    words: Sequence[str], environment: Mapping[str, str], timeout_s: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Run one that ends by itself; killed, with subprocess.TimeoutExpired, where it does not."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        room = start(words, environment, output.fileno(), errors.fileno())
        try:
            status = room.wait(timeout_s)
        finally:
            room.kill()
            room.wait()
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(
            list(words), status, output.read().decode(), errors.read().decode()
        )


@contextmanager
def preloading() -> Iterator[None]:
    """Within it, what is started is forked from one process, which is made when it is first needed."""
    ours = _Preloading()
    _PRELOADING.append(ours)
    try:
        yield
    finally:
        _PRELOADING.pop()
        ours.close()


@contextmanager
def from_nothing() -> Iterator[None]:
    """Within it, what is started imports for itself, and has nothing of other rooms in it: their metrics, for one."""
    _PRELOADING.append(None)
    try:
        yield
    finally:
        _PRELOADING.pop()


class _Preloading:
    """The process that forks, once somebody needs it."""

    @cached_property
    def made(self) -> "_Preloaded":
        return _Preloaded()

    def close(self) -> None:
        if "made" in vars(self):
            self.made.close()


_PRELOADING: list[_Preloading | None] = []


class _Preloaded:
    """The process that forks, and the way to ask it."""

    def __init__(self) -> None:
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", preloaded.__name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                # Threads could not be forked: one of numpy's, none of Arrow's allocator.
                env={
                    **os.environ,
                    "OPENBLAS_NUM_THREADS": "1",
                    "JE_ARROW_MALLOC_CONF": "background_thread:false",
                },
                stdin=subprocess.DEVNULL,
            )
        self._lock = Lock()

    def ask(self, asked: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """Its answer."""
        with self._lock:
            socket.send_fds(self._channel, [json.dumps(asked).encode()], descriptors)
            answer = self._channel.recv(1 << 18)
        if not answer:
            raise RuntimeError("the process that starts others has ended, see what it printed")
        answered: dict[str, Any] = json.loads(answer)
        return answered

    def close(self) -> None:
        """End it, and what it has started."""
        self._channel.close()
        self._process.wait(60)


class _Forked:
    """A process that was forked; its status is asked of the one that forked it, for only that one is told."""

    def __init__(
        self,
        preloaded: _Preloaded,
        words: Sequence[str],
        environment: Mapping[str, str],
        output: int,
        errors: int,
    ) -> None:
        self._preloaded = preloaded
        asked = {"start": list(words), "environment": dict(environment)}
        self.pid: int = preloaded.ask(asked, [output, errors])["pid"]
        self._ended = os.pidfd_open(self.pid)
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            self._status = self._preloaded.ask({"ended": self.pid})["status"]
            if self._status is not None:
                os.close(self._ended)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        ended = select.poll()
        ended.register(self._ended, select.POLLIN)
        while (status := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            ended.poll(None if left is None else 1000 * left)
        return status

    def send_signal(self, number: int, /) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
