"""Ports for tests: never one that another test process of the run, or this one, has been given and has not opened yet.

What a stack chooses for itself it opens at once.
"""

import os

from deploy import ports

_PROCESSES = 8
_OWN = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
_OTHERS = frozenset(port for port in range(ports.FIRST, ports.LAST + 1) if port % _PROCESSES != _OWN)
_given: set[int] = set()


def free_port() -> int:
    """A port that was free a moment ago, of those that are this test process's alone."""
    port = ports.free_port(_OTHERS | _given)
    _given.add(port)
    return port
