"""The embedded stack by its own commands: up, status, wait, sql, Ctrl-C; nobody outlives a killed supervisor, and the next one goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.flow import FLOW
from tests.support.quick_bundle import quick_bundle
from tests.support.recorded import generate
from tests.support.rooms import ROOT
from tests.support.stack import Stack
from tests.support.until import until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

POSTS = 300
STAGES = [f"{step.name}-1" for step in FLOW if step.kind == "stage"]
NAMES = ["kafka", "clickhouse", *STAGES, "sink-clickhouse", "api"]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "data", {"DENYUT_WORKERS": "1", "DENYUT_SENTIMENT_BUNDLE": str(quick_bundle())})
    yield stack
    stack.down()


def family(stack: Stack) -> list[psutil.Process]:
    """The supervisor, first, and every process it keeps."""
    first = psutil.Process(stack.processes()["kafka"].pid).parent()
    assert first is not None
    return [first, *(psutil.Process(process.pid) for process in stack.processes().values())]


def gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def replay(stack: Stack, file: Path) -> int:
    """Replay and wait; the mentions there are then."""
    stack.command("producers", "replay", str(file), "--speed", "max", reaching=True)
    stack.wait(180)
    found: int = stack.value("SELECT count() FROM mentions")
    return found


def test_a_stack_from_its_start_to_its_end(stack: Stack, tmp_path: Path) -> None:
    first, second = generate(tmp_path / "one.jsonl", POSTS), tmp_path / "two.jsonl"
    second.write_text(generate(tmp_path / "raw.jsonl", POSTS, seed=7).read_text().replace('"g_', '"h_'))
    stack.up()
    status = stack.status()
    says_where_everything_is(stack, status)
    refuses_a_second_start(stack)
    assert replay(stack, first) == POSTS
    answers_sql(stack)

    everyone = family(stack)
    everyone[0].kill()
    until(lambda: all(gone(process) for process in everyone), "nobody outlives the supervisor")
    with in_the_foreground(stack):
        again = stack.status()
        assert {key: again[key] for key in ("api", "kafka", "clickhouse")} == {
            key: status[key] for key in ("api", "kafka", "clickhouse")
        }, "ports are kept"
        stack.wait(120)
        assert stack.value("SELECT count() FROM mentions") == POSTS, "data is kept"
        assert replay(stack, second) == 2 * POSTS


def says_where_everything_is(stack: Stack, status: dict[str, Any]) -> None:
    assert list(status) == ["api", "kafka", "clickhouse", "data", "processes"]
    assert status["data"] == str(stack.data)
    assert [process["name"] for process in status["processes"]] == NAMES
    for process in status["processes"]:
        assert list(process) == ["name", "pid", "state", "restarts", "lag"]
        assert process["state"] == "running"
        assert psutil.pid_exists(process["pid"])
        works = process["name"] not in ("kafka", "clickhouse", "api")
        assert (process["lag"] is not None) == works
    for name in NAMES:
        assert (stack.data / "logs" / f"{name}.log").exists()
    table = stack.command("deploy", "status")
    assert all(name in table for name in NAMES)


def refuses_a_second_start(stack: Stack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "up", "--data", str(stack.data)],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"data folder {stack.data} is in use by process" in done.stderr
    assert "deploy down" in done.stderr


def answers_sql(stack: Stack) -> None:
    assert stack.command("deploy", "sql", "SELECT 1 AS x, 'a' AS y", "--format", "CSVWithNames") == (
        '"x","y"\n1,"a"\n'
    )
    assert "┌─x─┐" in stack.command("deploy", "sql", "SELECT 1 AS x"), "PrettyCompact is the default"
    for refused in ("SELECT nothing FROM mentions", "DROP TABLE mentions", "SELECT * FROM url('http://a')"):
        with pytest.raises(RuntimeError, match=r"ended with 1:\n\ndenyut: Code: \d+"):
            stack.command("deploy", "sql", refused)
    assert stack.value("SELECT count() FROM mentions") == POSTS


@contextmanager
def in_the_foreground(stack: Stack) -> Iterator[None]:
    """A stack in a terminal, ended by Ctrl-C: in order, and nobody is left."""
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy", "up", "--data", str(stack.data)],
        cwd=ROOT,
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    told = []
    for line in process.stdout:
        told.append(line)
        if "stack_ready" in line:
            break
    else:
        pytest.fail("".join(told))
    yield
    everyone = family(stack)
    # As a terminal does it: to the whole foreground group, of which the stack's processes must not be.
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0, rest
    assert rest.count("stack_stopped") == 1
    assert "process_killed" not in rest
    assert [member.name() for member in everyone if not gone(member)] == []
