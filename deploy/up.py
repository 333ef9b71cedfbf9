"""Starts a stack: in the foreground until a signal, or left behind in the background."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

import psutil
import structlog

from deploy.folder import DataFolder, pointed_to
from deploy.install import fetch
from deploy.jars import check_java
from deploy.logfiles import last_line
from deploy.places import embedded, port_names
from deploy.ports import settle
from deploy.process import Process, Snapshot
from deploy.settings import DeploySettings
from deploy.stack import Stack
from deploy.state import StackState
from deploy.supervisor import Supervisor
from schemas.errors import Fatal

_POLL_S = 0.1
_STOP_S = 60.0
_MB = 1_000_000

log = structlog.get_logger()

Watch = Callable[[Stack, Supervisor, asyncio.Event], Coroutine[None, None, None]]
"""Runs beside the supervisor, until cancelled or of its own will."""


def run(
    settings: DeploySettings,
    folder: DataFolder,
    more: Callable[[Stack], Sequence[Process]] = lambda _: (),
    watch: Watch | None = None,
) -> None:
    """Run the stack, with `more` processes after its own, until SIGINT, SIGTERM or SIGHUP.

    Raises Fatal, with what to do, where the machine or the data folder does not allow it.
    """
    check_disk(settings, folder.root)
    parts = embedded(settings, folder.ports())
    if "kafka" in parts:
        check_java()
    with folder.held():
        for name in folder.clear_leftovers():
            log.warning("leftover_killed", process=name)
        remembered = folder.ports()
        ports = settle({name: getattr(settings, f"{name}_port") for name in port_names(parts)}, remembered)
        folder.remember_ports({**remembered, **ports})
        stack = Stack(settings, folder, ports, parts)
        if "kafka" in parts:
            fetch(settings.kafka_lib)
            stack.kafka.prepare()
        with pointed_to(folder.root):
            asyncio.run(_supervise(stack, [*stack.processes(), *more(stack)], watch))


async def _supervise(stack: Stack, table: Sequence[Process], watch: Watch | None) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    me = psutil.Process()
    was_ready = False

    def tell(processes: Sequence[Snapshot]) -> None:
        state = StackState(
            pid=me.pid,
            started=me.create_time(),
            ready=was_ready,
            api=stack.api_url,
            kafka=stack.kafka_settings.kafka,
            clickhouse=stack.clickhouse_url,
            clickhouse_database=stack.settings.clickhouse_database,
            topic_prefix=stack.settings.topic_prefix,
            partitions=stack.settings.partitions,
            processes=processes,
            embedded=sorted(stack.embedded),
        )
        try:
            stack.folder.write_state(state)
        except OSError as error:
            log.warning("state_not_written", error=error.strerror)

    # Children get this process' environment and their own lines on top; a settings class would hide the rest of it.
    environment = dict(os.environ)  # noqa: TID251 -- passed on, not read
    supervisor = Supervisor(
        table, stack.folder.logs, environment, tell, log_bytes=stack.settings.log_mb * _MB
    )
    running = asyncio.create_task(supervisor.run(stop))
    watching = asyncio.create_task(watch(stack, supervisor, stop)) if watch is not None else None
    ready = asyncio.create_task(supervisor.until_ready())
    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        was_ready = True
        tell(supervisor.snapshots())
        log.info("stack_ready", page=stack.api_url, data=str(stack.folder.root))
    try:
        await running
    finally:
        for task in (ready, watching):
            if task is not None:
                task.cancel()
        await asyncio.gather(
            *(task for task in (ready, watching) if task is not None), return_exceptions=True
        )
        log.info("stack_stopped", data=str(stack.folder.root))


def detach(settings: DeploySettings, folder: DataFolder) -> StackState:
    """Leave a stack running in the background; its state once everything is ready.

    What its supervisor logs meanwhile goes to standard error too. Raises Fatal where it ended or was not ready in time.
    """
    with folder.held():
        check_disk(settings, folder.root)
        if "kafka" in embedded(settings, folder.ports()):
            check_java()
            fetch(settings.kafka_lib)
    path = folder.logs / "supervisor.log"
    with path.open("ab") as out:
        told = out.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "deploy", "up", "--data", str(folder.root)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + settings.ready_s
    while True:
        ended = child.poll()
        told = _relay(path, told)
        if ended is not None:
            raise Fatal(f"the stack did not start (status {ended}), see {path}")
        state = folder.running()
        if state is not None and state.pid == child.pid and state.ready:
            return state
        if time.monotonic() > deadline:
            child.terminate()
            child.wait()
            raise Fatal(
                f"not ready within {settings.ready_s:.0f} s: {_late(folder, state)}; see {folder.logs}"
            )
        time.sleep(_POLL_S)


def down(folder: DataFolder) -> bool:
    """Stop the stack and wait until it has stopped; whether one ran. Clears what a crashed one left."""
    state = folder.running()
    if state is None:
        if folder.state() is not None:
            with folder.held():
                return bool(folder.clear_leftovers())
        return False
    supervisor = psutil.Process(state.pid)
    supervisor.terminate()
    try:
        supervisor.wait(_STOP_S)
    except psutil.TimeoutExpired:
        raise Fatal(
            f"the stack did not stop within {_STOP_S:.0f} s: see {folder.logs}, process {state.pid}"
        ) from None
    return True


def check_disk(settings: DeploySettings, root: Path) -> None:
    """Raise Fatal where the disk that `root` is on, or would be on, is nearly full."""
    there = next(path for path in (root, *root.parents) if path.exists())
    free = shutil.disk_usage(there).free // _MB
    if free < settings.disk_free_mb:
        raise Fatal(
            f"disk nearly full: {free} MB free at {there}, {settings.disk_free_mb} MB wanted; "
            "make room, or name another folder with --data"
        )


def _late(folder: DataFolder, state: StackState | None) -> str:
    """The processes that are not ready, each with the last words in its log."""
    if state is None:
        return "the supervisor"
    return ", ".join(
        f"{process.name} ({last_line(folder.logs / f'{process.name}.log')[-200:]})"
        for process in state.processes
        if process.state != "running"
    )


def _relay(path: Path, start: int) -> int:
    """Copy what was added to the log at `path` since `start` to standard error; where it ends now."""
    with path.open("rb") as file:
        file.seek(start)
        added = file.read()
    sys.stderr.write(added.decode(errors="replace"))
    sys.stderr.flush()
    return start + len(added)
