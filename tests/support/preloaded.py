"""A process that has imported every room once and forks: what it forks becomes `python -m ROOM …` without a second of importing.

`tests/support/rooms.py` starts it and speaks to it over an inherited socket that keeps the bounds of messages, JSON both ways:
`{"start": words, "environment": {…}}` with the descriptors of standard output and error → `{"pid": …}`, and
`{"ended": pid}` → `{"status": null or the exit status, negative for a signal}`. It ends, and all that it forked with it, when the socket does.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
from pathlib import Path

from tests.support import offspring

PRELOADED = (
    "api.__main__",
    "api.app",
    "deploy.__main__",
    "deploy.commands",
    "deploy.prepare",
    "processors.__main__",
    "processors.agents.alerts",
    "processors.agents.enrich",
    "processors.agents.influencers",
    "processors.agents.market",
    "processors.agents.stories",
    "processors.agents.topics",
    "processors.agents.trends",
    "producers.__main__",
    "producers.collectors.rss",
    "producers.collectors.simulate",
    "sinks.__main__",
    "sinks.clickhouse.sink",
)
WHEN_NAMED = {
    "reddit": "producers.collectors.reddit",
    "sites": "producers.collectors.sites",
    "webhook": "producers.collectors.webhook",
    "x": "producers.collectors.x",
    "yahoo": "producers.collectors.yahoo",
}
"""Imported when a word first asks for it: seconds that most test processes can do without."""


def main() -> None:
    """Serve until the socket ends; in a forked process: become what was asked for."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in PRELOADED:
        importlib.import_module(name)
        if name.endswith(".__main__"):
            # To be run, not to be found: its own imports are what is wanted.
            del sys.modules[name]
    _settle()
    words = _serve(channel)
    # What starts processes itself does so in the same way, and so do these: `up --detach` starts an `up`.
    while words is not None and offspring.supervises(words):
        child = offspring.adopt()
        if child is None:
            break
        words = child
    if words is not None:
        sys.argv = words
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)


def _settle() -> None:
    """What is imported stays. Only the thread that forks is forked: one that an import began would be missing, with its locks held."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise SystemExit(f"{threads} threads after importing, so this cannot be forked")
    gc.freeze()


def _import_named(words: list[str]) -> None:
    """Import what these words are the first to name."""
    for word, module in WHEN_NAMED.items():
        if word in words and module not in sys.modules:
            importlib.import_module(module)
            _settle()


def _serve(channel: socket.socket) -> list[str] | None:
    """Returns in a forked process, with its words; None once the socket ended."""
    running: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, 1 << 18, 2)
        if not message:
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            return None
        asked = json.loads(message)
        if "start" not in asked:
            pid, status = os.waitpid(asked["ended"], os.WNOHANG)
            running.discard(pid)
            answer = {"status": os.waitstatus_to_exitcode(status) if pid else None}
        else:
            _import_named(asked["start"])
            pid = os.fork()
            if not pid:
                channel.close()
                words: list[str] = asked["start"]
                offspring.become(words, asked["environment"], *descriptors)
                return words
            for descriptor in descriptors:
                os.close(descriptor)
            running.add(pid)
            answer = {"pid": pid}
        channel.send(json.dumps(answer).encode())


if __name__ == "__main__":
    main()
