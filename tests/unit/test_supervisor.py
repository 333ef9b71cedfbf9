"""The supervisor with tiny real processes: order, restarts, deadlines, and nobody left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from deploy.process import Pace, Process, Snapshot
from deploy.supervisor import Supervisor
from schemas.errors import Fatal, Retryable

FAST = Pace(first_s=0.01, most_s=0.05, jitter=0, stable_s=60)
SLEEP = ("sleep", "600")


def noting(name: str, diary: Path) -> tuple[str, ...]:
    """A process that writes into `diary` when it starts and when it is told to stop."""
    note = f"echo {{}} {name} >> {diary}"
    stop = note.format("stop")
    return (
        "sh",
        "-c",
        f"trap '{stop}; kill $child; exit 0' TERM; {note.format('start')}; sleep 600 & child=$!; wait",
    )


def written(diary: Path, lines: int) -> Callable[[], bool]:
    return lambda: diary.exists() and len(diary.read_text().splitlines()) >= lines


@asynccontextmanager
async def supervised(table: Sequence[Process], logs: Path, pace: Pace = FAST) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(table, logs, dict(os.environ), lambda _: None, pace=pace)
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    try:
        yield supervisor
    finally:
        stop.set()
        await running
        assert not any(process.pid for process in supervisor.snapshots())


async def until(condition: Callable[[], bool], patience_s: float = 60) -> None:
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110 -- other processes set it
            await asyncio.sleep(0.01)


def of(supervisor: Supervisor, name: str) -> Snapshot:
    return next(process for process in supervisor.snapshots() if process.name == name)


async def test_starts_in_order_and_stops_in_reverse(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    table = [
        Process("broker", noting("broker", diary), ready=written(diary, 1)),
        Process("stage", noting("stage", diary), after=("broker",), ready=written(diary, 2)),
        Process("feed", noting("feed", diary), after=("stage",), ready=written(diary, 3)),
    ]
    async with supervised(table, tmp_path) as supervisor:
        await supervisor.until_ready()
        assert [process.state for process in supervisor.snapshots()] == ["running"] * 3
    assert diary.read_text().split("\n")[:-1] == [
        "start broker",
        "start stage",
        "start feed",
        "stop feed",
        "stop stage",
        "stop broker",
    ]
    assert [process.state for process in supervisor.snapshots()] == ["stopped"] * 3


async def test_what_is_killed_runs_again_and_the_rest_stays(tmp_path: Path) -> None:
    async with supervised([Process("one", SLEEP), Process("two", SLEEP)], tmp_path) as supervisor:
        await supervisor.until_ready()
        before, other = of(supervisor, "one").pid, of(supervisor, "two").pid
        assert before
        os.kill(before, signal.SIGKILL)
        await until(
            lambda: (
                of(supervisor, "one").pid not in (before, None) and of(supervisor, "one").state == "running"
            )
        )
        assert of(supervisor, "one").restarts == 1
        assert of(supervisor, "two") == Snapshot("two", other, of(supervisor, "two").started, "running", 0)


async def test_a_restart_waits_for_what_it_comes_after(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    table = [
        Process("broker", SLEEP, ready=gate.exists),
        Process("stage", SLEEP, after=("broker",)),
    ]
    async with supervised(table, tmp_path) as supervisor:
        await supervisor.until_ready()
        gate.unlink()
        os.kill(of(supervisor, "broker").pid or 0, signal.SIGKILL)
        # Only once it is known: a stage that ends before may rightly be started again.
        await until(lambda: of(supervisor, "broker").state == "starting")
        os.kill(of(supervisor, "stage").pid or 0, signal.SIGKILL)
        await until(lambda: of(supervisor, "stage").state == "waiting")
        gate.touch()
        await until(lambda: of(supervisor, "stage").state == "running")


async def test_a_process_that_ignores_sigterm_is_killed_after_its_deadline(tmp_path: Path) -> None:
    armed = tmp_path / "armed"
    deaf = f"import pathlib, signal, time; signal.signal(15, signal.SIG_IGN); pathlib.Path({str(armed)!r}).touch(); time.sleep(600)"
    table = [Process("deaf", (sys.executable, "-S", "-c", deaf), ready=armed.exists, stop_s=0.2)]
    async with supervised(table, tmp_path) as supervisor:
        await supervisor.until_ready()
        pid = of(supervisor, "deaf").pid
    assert not psutil.pid_exists(pid or 0)


async def test_a_process_that_does_not_become_ready_is_started_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def probe() -> bool:
        asked.append(1)
        raise Retryable("nobody there")

    table = [Process("slow", SLEEP, ready=probe, ready_s=0.2)]
    async with supervised(table, tmp_path) as supervisor:
        await until(lambda: of(supervisor, "slow").restarts >= 2)
    assert len(asked) >= 2


async def test_what_follows_readiness_is_done_before_dependents_start(tmp_path: Path) -> None:
    seen: list[str] = []
    told: list[Supervisor] = []

    def then() -> None:
        seen.append(of(told[0], "stage").state)

    table = [Process("broker", SLEEP, then=then), Process("stage", SLEEP, after=("broker",))]
    async with supervised(table, tmp_path) as supervisor:
        told.append(supervisor)
        await supervisor.until_ready()
    assert seen == ["waiting"]


async def test_a_process_that_ends_well_by_itself_is_done_and_a_failing_one_tries_again(
    tmp_path: Path,
) -> None:
    flag, told = tmp_path / "flag", tmp_path / "told"
    # Fails the first time, ends well the second.
    command = ("sh", "-c", f"test -e {flag} && exit 0; touch {flag}; exit 3")
    table = [
        Process("job", command, once=True, then=told.touch),
        Process("next", SLEEP, after=("job",)),
    ]
    async with supervised(table, tmp_path) as supervisor:
        await supervisor.until_ready()
        assert of(supervisor, "job") == Snapshot("job", None, None, "done", 1)
        assert told.exists()


async def test_a_command_that_does_not_exist_is_named_in_its_log(tmp_path: Path) -> None:
    async with supervised([Process("gone", ("/nowhere/at-all",))], tmp_path) as supervisor:
        await until(lambda: of(supervisor, "gone").restarts >= 1)
    assert "tether: /nowhere/at-all: No such file or directory" in (tmp_path / "gone.log").read_text()


def test_a_table_that_cannot_work_is_refused(tmp_path: Path) -> None:
    for table in (
        [Process("one", SLEEP, after=("two",)), Process("two", SLEEP)],
        [Process("one", SLEEP), Process("one", SLEEP)],
    ):
        with pytest.raises(Fatal):
            Supervisor(table, tmp_path, {}, lambda _: None)


def test_delays_grow_to_a_bound_with_jitter_and_never_overflow() -> None:
    pace = Pace(first_s=0.5, most_s=8, jitter=0.25)
    assert [pace.delay(n, lambda: 0.5) for n in range(1, 8)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert pace.delay(1, lambda: 0) == pytest.approx(0.375)
    assert pace.delay(1, lambda: 1) == pytest.approx(0.625)
    assert pace.delay(10**9, lambda: 0.5) == 8


async def test_delays_start_again_after_a_stable_time(tmp_path: Path) -> None:
    # Each life is "stable" at once, so no delay ever grows beyond the first: 13 that grew would take 82 seconds.
    pace = Pace(first_s=0.01, most_s=60, jitter=0, stable_s=0)
    async with supervised([Process("short", ("sleep", "0.1"))], tmp_path, pace) as supervisor:
        await until(lambda: of(supervisor, "short").restarts >= 14)


SUPERVISE = """
import asyncio, os, sys
from pathlib import Path
from deploy.process import Process
from deploy.supervisor import Supervisor
table = [Process(name, ("sh", "-c", "trap '' TERM; exec sleep 600")) for name in ("one", "two")]
def told(processes):
    if all(process.state == "running" for process in processes):
        print(*(process.pid for process in processes), file=sys.stderr, flush=True)
supervisor = Supervisor(table, Path(sys.argv[1]), dict(os.environ), told)
asyncio.run(supervisor.run(asyncio.Event()))
"""


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stderr is not None
    children = [psutil.Process(int(pid)) for pid in supervisor.stderr.readline().split()]
    assert len(children) == 2
    supervisor.kill()
    supervisor.wait()
    supervisor.stderr.close()
    deadline = time.monotonic() + 60
    while any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children):
        assert time.monotonic() < deadline, "children outlived their supervisor"
        time.sleep(0.01)


def test_the_tether_refuses_a_parent_that_is_gone() -> None:
    tether = Path(sys.modules["deploy.keeper"].__file__ or "").with_name("tether.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tether), "1", "echo", "ran"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the parent is gone" in done.stderr
    assert not done.stdout
