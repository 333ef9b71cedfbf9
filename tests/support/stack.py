"""The whole embedded stack as a user runs it: `python -m deploy up --detach` in a folder of the test's own.

It is started, awaited and stopped by the public commands. What is polled is asked without them, for a command costs a
second of a core: rows over HTTP as the reader, processes from the state file; `status` and `sql` have tests of their own.
"""

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.folder import DataFolder
from deploy.process import Snapshot
from deploy.sql import Reader
from deploy.state import StackState
from tests.support import rooms
from tests.support.rooms import Room
from tests.support.until import until

_SHORT_LIVED = {"DENYUT_KAFKA_COMPILER": "quick", "DENYUT_SINK_LINGER_MS": "1000"}


class Stack:
    """Starts, asks, kills and stops the processes of one data folder; `as_shipped`, for measuring, with the defaults that users have."""

    def __init__(
        self, data: Path, environment: Mapping[str, str] | None = None, *, as_shipped: bool = False
    ) -> None:
        self.data = data
        # Nothing that the caller's shell uses instead of the embedded parts.
        strange = ("DENYUT_", "COVERAGE_", "KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "SCHEMA_REGISTRY_URL")
        # Without coverage: it halves the speed of a whole stack, and what is measured here is the work of each part.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        self._reached: dict[str, str] | None = None
        self.environment = {
            **kept,
            "DENYUT_DATA_DIR": str(data),
            **({} if as_shipped else _SHORT_LIVED),
            **(environment or {}),
        }

    def command(self, *words: str, timeout: float = 120, reaching: bool = False) -> str:
        """Run `python -m WORDS…`, where asked in the environment that reaches the stack; returns what it printed.

        Raises with its output where it fails.
        """
        done = rooms.run(words, self.reached() if reaching else self.environment, timeout)
        if done.returncode != 0:
            raise RuntimeError(
                f"{' '.join(words)} ended with {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            )
        return done.stdout

    def up(self) -> None:
        self.command("deploy", "up", "--detach", "--data", str(self.data))

    def down(self) -> None:
        self.command("deploy", "down")

    def wait(self, seconds: int = 120) -> None:
        self.command("deploy", "wait", "--timeout", str(seconds), timeout=seconds + 30)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.command("deploy", "status", "--json"))
        return answer

    def sql(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query, integers as integers."""
        reached = self.reached()
        names = ("URL", "DATABASE", "READER_USER", "READER_PASSWORD")
        reader = Reader(*(reached[f"DENYUT_CLICKHOUSE_{name}"] for name in names))
        return [
            {name: _number(value) for name, value in json.loads(line).items()}
            for line in b"".join(reader.query(query, "JSONEachRow")).splitlines()
            if line.strip()
        ]

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        return next(iter(self.sql(query)[0].values()))

    def state(self) -> StackState:
        """What its supervisor wrote last; RuntimeError where none runs."""
        state = DataFolder(self.data).running()
        if state is None:
            raise RuntimeError(f"no stack runs in {self.data}")
        return state

    @property
    def api(self) -> str:
        """The address of the API."""
        return self.state().api

    @property
    def kafka(self) -> str:
        """What Kafka clients connect to."""
        return self.reached()["DENYUT_KAFKA"]

    def reached(self) -> dict[str, str]:
        """The environment in which this stack's other commands run by hand; asked once, for it outlives restarts."""
        if self._reached is None:
            self._reached = json.loads(self.command("deploy", "env", "--json"))
        return {**self.environment, **(self._reached or {})}

    def start(self, *words: str) -> Room:
        """Start `python -m WORDS…` beside the stack; what it prints goes to a file in the data folder."""
        with (self.data / f"{words[0]}.out").open("ab") as out:
            return rooms.start(words, self.reached(), out.fileno(), out.fileno())

    def processes(self) -> dict[str, Snapshot]:
        return {process.name: process for process in self.state().processes}

    def kill(self, *names: str, patience_s: float = 90) -> None:
        """SIGKILL supervised processes, all at once, and wait until the supervisor has others running."""
        now = self.processes()
        before = {name: now[name].pid for name in names}
        for pid in before.values():
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        until(lambda: self._again(before), f"{', '.join(names)} run again", patience_s)

    def _again(self, before: Mapping[str, int | None]) -> bool:
        now = self.processes()
        return all(
            now[name].state == "running" and now[name].pid not in (pid, None) for name, pid in before.items()
        )


def _number(value: Any) -> Any:
    """ClickHouse writes 64-bit integers as strings in JSON."""
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
