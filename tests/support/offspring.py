"""Lets a forked supervisor fork its own processes, too: what `subprocess.Popen` would start as `python -m ROOM …` imports nothing.

A supervisor has threads once it runs, so it cannot fork itself. `adopt` leaves a copy of the process behind that has none, and takes
`Popen`'s place: for a command of ours it asks the copy, which forks twice, so that the system makes the new process a child of the
supervisor (its subreaper). Waiting, signals, killing and the tether's promise are those of any other child. Commands that are not ours, and
`deploy.clickhouse`, whose engine has threads as soon as it is imported, are started as ever.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

OURS = frozenset({"api", "deploy", "deploy.prepare", "processors", "producers", "sinks"})
SUPERVISING = frozenset({"up", "demo"})
"""The commands of `deploy` that start processes."""
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_PATIENCE_S = 60.0


def supervises(words: Sequence[str]) -> bool:
    """Whether `python -m WORDS…` starts processes of ours."""
    return words[0] == "deploy" and bool(SUPERVISING.intersection(words[1:2]))


def become(words: Sequence[str], environment: dict[str, str], output: int, errors: int) -> None:
    """Make this process, just forked, one that was started with these words, variables and outputs."""
    for ours, given in ((1, output), (2, errors)):
        os.dup2(given, ours)
    for given in {output, errors} - {1, 2}:
        os.close(given)
    os.environ.clear()
    os.environ.update(environment)
    # Its command line is that of the process it was forked from; whoever looks at what runs shall tell them apart.
    Path("/proc/self/comm").write_text(" ".join(words)[:15], encoding="utf-8")


def adopt() -> list[str] | None:
    """None in this process, which forks its children from now on; in a child: the words it was started with."""
    supervisor = os.getpid()
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if not os.fork():
        ours.close()
        return _serve(theirs, supervisor)
    theirs.close()
    subprocess.Popen = _popen(ours)  # type: ignore[misc,assignment]  # the point of it
    return None


def _serve(channel: socket.socket, supervisor: int) -> list[str] | None:
    """Fork what is asked for until the supervisor has ended; returns in what was forked, with its words."""
    # A terminal's or a test's signals are for the supervisor, which ends this by ending.
    os.setsid()
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1 << 18, 2)
        if not message:
            os._exit(0)
        asked = json.loads(message)
        told, tell = os.pipe()
        between = os.fork()
        if not between:
            child = os.fork()
            if child:
                os.write(tell, str(child).encode())
                os._exit(0)
            os.close(told)
            os.close(tell)
            channel.close()
            _join(supervisor, asked)
            become(asked["words"], asked["environment"], *descriptors)
            words: list[str] = asked["words"]
            return words
        os.waitpid(between, 0)
        pid = int(os.read(told, 32))
        for descriptor in (told, tell, *descriptors):
            os.close(descriptor)
        channel.send(str(pid).encode())


def _join(supervisor: int, asked: dict[str, Any]) -> None:
    """Be a child of the supervisor as `Popen` would have made it."""
    deadline = time.monotonic() + _PATIENCE_S
    while os.getppid() != supervisor:
        if time.monotonic() > deadline:
            os._exit(70)
        time.sleep(0.001)
    if asked["tethered"]:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != supervisor:
            os._exit(70)
    if asked["session"]:
        os.setsid()


def _popen(channel: socket.socket) -> type[subprocess.Popen[Any]]:
    """`Popen`, but for the way our own commands come to be."""
    lock = Lock()
    plain = subprocess.Popen

    class Popen(plain):  # type: ignore[misc,valid-type]  # chosen at run time
        def _execute_child(self, args: Any, *more: Any) -> None:
            # CPython 3.11's private signature; the Makefile asks for 3.11, and a stack does not start where it differs.
            environment, output, errors, session = more[5], more[12], more[14], more[20]
            ours = _ours(args)
            if ours is None:
                super()._execute_child(args, *more)
                return
            words, tethered = ours
            asked = {
                "words": words,
                "tethered": tethered,
                "session": session,
                "environment": dict(os.environ if environment is None else environment),
            }
            # -1: its own are inherited.
            descriptors = [own if given == -1 else given for own, given in ((1, output), (2, errors))]
            with lock:
                socket.send_fds(channel, [json.dumps(asked).encode()], descriptors)
                self.pid = int(channel.recv(32))
            self._child_created = True
            self._close_pipe_fds(*more[9:15])

    return Popen


def _ours(args: Any) -> tuple[list[str], bool] | None:
    """(words, whether it is to end with its parent) of a command line that starts one of our rooms; None for any other."""
    command = [str(arg) for arg in args]
    tethered = len(command) > 4 and command[3].endswith("tether.py")  # python -I -S tether.py PARENT …
    if tethered:
        command = command[5:]
    if command[:2] == [sys.executable, "-m"] and command[2] in OURS:
        return command[2:], tethered
    return None


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")
