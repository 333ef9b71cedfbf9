"""`status`: where the running stack is reached, and how its processes stand."""

import argparse
import sys
from typing import Any

import orjson

from deploy.commands.base import Asked, Command, running
from deploy.environment import kafka_of
from deploy.progress import Progress
from deploy.settings import DeploySettings
from deploy.state import StackState
from schemas.errors import Retryable
from schemas.flow import step

_PATIENCE_S = 3.0


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def lags(settings: DeploySettings, state: StackState) -> dict[str, int | None]:
    """Positions each step of the flow is behind; None where Kafka does not tell."""
    names = sorted({process.step for process in state.processes if process.step is not None})
    if any(process.name == "kafka" and process.state != "running" for process in state.processes):
        return dict.fromkeys(names)
    progress = Progress(kafka_of(settings, state), timeout_s=_PATIENCE_S)
    found: dict[str, int | None] = {}
    for name in names:
        try:
            found[name] = progress.lag(step(name))
        except Retryable:
            return dict.fromkeys(names)
    return found


def status(asked: Asked) -> dict[str, Any]:
    """The answer as programs get it; raises Fatal where no stack runs."""
    state = running(asked)
    behind = lags(asked.settings, state)
    return {
        "api": state.api,
        "kafka": state.kafka,
        "clickhouse": state.clickhouse,
        "data": str(asked.folder.root),
        "processes": [
            {
                "name": process.name,
                "pid": process.pid,
                "state": process.state,
                "restarts": process.restarts,
                "lag": behind.get(process.step) if process.step is not None else None,
            }
            for process in state.processes
        ],
    }


def _act(asked: Asked) -> int:
    answer = status(asked)
    if asked.options.json:
        sys.stdout.write(orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE).decode())
        return 0
    for name in ("api", "kafka", "clickhouse", "data"):
        sys.stdout.write(f"{name:<12} {answer[name]}\n")
    sys.stdout.write(f"\n{'process':<18} {'pid':>8}  {'state':<9} {'restarts':>8}  {'lag':>10}\n")
    for process in answer["processes"]:
        pid, lag = process["pid"] or "", "" if process["lag"] is None else f"{process['lag']:,}"
        sys.stdout.write(
            f"{process['name']:<18} {pid:>8}  {process['state']:<9} {process['restarts']:>8}  {lag:>10}\n"
        )
    return 0


COMMAND = Command("show addresses, processes and how far behind they are", _act, _arguments)
