"""The ClickHouse sink that kills itself with -9 between two durable steps: `python -m tests.support.dying_sink clickhouse`.

It dies at the step whose number TEST_DIES_AT says. Counted are those that TEST_DIES_BEFORE names, all where it is empty;
where TEST_DIES_AFTER names one, not before that has been passed.
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
    dies_at = int(os.environ["TEST_DIES_AT"])
    kind, after = os.environ.get("TEST_DIES_BEFORE", ""), os.environ.get("TEST_DIES_AFTER", "")
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
