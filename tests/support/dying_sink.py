"""The ClickHouse sink that kills itself with -9 between two durable steps: `python -m tests.support.dying_sink clickhouse`.

It dies at the step whose number TEST_DIES_AT says. Counted are those that TEST_DIES_BEFORE names, all where it is empty;
where TEST_DIES_AFTER names one, not before that has been passed.
Of several numbers with commas between them, each is a sink of its own that dies there, one after the other; STEP:NUMBER
counts only that step.
"""

import os
import signal
import sys
import threading
from itertools import count

from schemas.logs import configure
from sinks.__main__ import stop_on_signals
from sinks.clickhouse.sink import ClickHouseSink
from sinks.settings import ClickHouseSinkSettings


def main() -> int:
    """Run like `python -m sinks clickhouse` until the step comes."""
    *before, last = os.environ["TEST_DIES_AT"].split(",")
    for dies_at in before:
        # Forked before any thread is started; a process of its own would cost all its imports again.
        child = os.fork()
        if not child:
            _run(dies_at)
            os._exit(0)
        signal.signal(signal.SIGTERM, lambda *_, child=child: _end_with(child))
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return 1
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _run(last)
    return 0


def _end_with(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os._exit(1)


def _run(at: str) -> None:
    kind, after = os.environ.get("TEST_DIES_BEFORE", ""), os.environ.get("TEST_DIES_AFTER", "")
    named, _, number = at.rpartition(":")
    kind, dies_at = named or kind, int(number)
    passed = {""}
    numbers = count()
    lock = threading.Lock()

    def step(name: str) -> None:
        with lock:
            if after in passed and kind in ("", name) and next(numbers) == dies_at:
                print(f"dies before {name}", flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
            passed.add(name)

    settings = ClickHouseSinkSettings()
    configure("sinks", settings)
    ClickHouseSink(settings, step).run(stop_on_signals())


if __name__ == "__main__":
    sys.exit(main())
