"""The whole embedded stack as a user runs it: `python -m deploy up --detach` in a folder of the test's own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class Stack:
    """Starts, asks, kills and stops the processes of one data folder through the public commands alone."""

    def __init__(self, data: Path, environment: Mapping[str, str] | None = None) -> None:
        self.data = data
        # Nothing that the caller's shell uses instead of the embedded parts.
        strange = ("DENYUT_", "COVERAGE_", "KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "SCHEMA_REGISTRY_URL")
        # Without coverage: it halves the speed of a whole stack, and what is measured here is the work of each part.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(strange)}
        self.environment = {**kept, "DENYUT_DATA_DIR": str(data), **(environment or {})}

    def command(self, *words: str, timeout: float = 120, reaching: bool = False) -> str:
        """Run `python -m WORDS…`, where asked in the environment that reaches the stack; returns what it printed.

        Raises with its output where it fails.
        """
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=self.reached() if reaching else self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
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
        lines = self.command("deploy", "sql", query, "--format", "JSONEachRow").splitlines()
        return [
            {name: _number(value) for name, value in json.loads(line).items()}
            for line in lines
            if line.strip()
        ]

    def value(self, query: str) -> Any:
        """The first column of the first row."""
        return next(iter(self.sql(query)[0].values()))

    @property
    def api(self) -> str:
        """The address of the API."""
        address: str = self.status()["api"]
        return address

    @property
    def kafka(self) -> str:
        """What Kafka clients connect to."""
        bootstrap: str = self.status()["kafka"]
        return bootstrap

    def reached(self) -> dict[str, str]:
        """The environment in which this stack's other commands run by hand."""
        found: dict[str, str] = json.loads(self.command("deploy", "env", "--json"))
        return {**self.environment, **found}

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start `python -m WORDS…` beside the stack; what it prints goes to a file in the data folder."""
        with (self.data / f"{words[0]}.out").open("ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=ROOT,
                env=self.reached(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def processes(self) -> dict[str, dict[str, Any]]:
        return {process["name"]: process for process in self.status()["processes"]}

    def kill(self, *names: str, patience_s: float = 90) -> None:
        """SIGKILL supervised processes, all at once, and wait until the supervisor has others running."""
        before = {name: self.processes()[name]["pid"] for name in names}
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        self.until(lambda: self._again(before), f"{', '.join(names)} run again", patience_s)

    def _again(self, before: Mapping[str, int]) -> bool:
        now = self.processes()
        return all(
            now[name]["state"] == "running" and now[name]["pid"] not in (pid, None)
            for name, pid in before.items()
        )

    def until(self, condition: Callable[[], bool], what: str, patience_s: float = 60) -> None:
        """Poll until `condition` holds; raises with `what` when patience ends."""
        deadline = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {patience_s} s: {what}")
            time.sleep(0.2)


def _number(value: Any) -> Any:
    """ClickHouse writes 64-bit integers as strings in JSON."""
    return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else value
