"""Runs a command that dies with its parent, however the parent dies: `python tether.py PARENT COMMAND…`.

Started by the supervisor as a script, without site packages. Linux keeps its promise in the kernel: the process gets
SIGKILL when the thread that started it ends. The mark outlives `exec`, so the command itself needs to know nothing.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_MISUSED = 64


def tethered(command: Sequence[str]) -> list[str]:
    """The command line that runs `command` tied to this process; start it from a thread that lives as long."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(arguments: list[str]) -> None:
    """Replace this process by the command; exits with a line on standard error where that is impossible."""
    parent, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        sys.exit(f"tether: prctl refused: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != int(parent):
        sys.exit("tether: the parent is gone already")
    try:
        os.execvp(command[0], command)  # noqa: S606 -- replacing this process is the point
    except OSError as error:
        sys.exit(f"tether: {command[0]}: {error.strerror}")


if __name__ == "__main__":
    if len(sys.argv) < 3:  # noqa: PLR2004 -- the parent and a command
        sys.exit(_MISUSED)
    main(sys.argv[1:])
