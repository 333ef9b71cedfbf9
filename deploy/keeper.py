"""Keeps one process running: waits for what it needs, starts it, watches it, starts it again, stops it."""

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import structlog

from deploy.logfiles import last_line
from deploy.process import Pace, Process, Snapshot, State
from deploy.tether import tethered
from schemas.errors import Fatal, Retryable

_LOOK_S = 0.05
"""How often a process is looked at; ten of them cost less than half a percent of a core."""
_PROBE_S = 0.1
_SAID = 200
"""How much of its last words is told of a process that ended."""

log = structlog.get_logger()


class Keeper:
    """Owns one process of the table; `run` until cancelled, then `stop`. All calls from one event loop."""

    def __init__(
        self,
        process: Process,
        needs: Sequence["Keeper"],
        logs: Path,
        pace: Pace,
        environment: Mapping[str, str],
        changed: Callable[[], None],
    ) -> None:
        self.process = process
        self.needs = needs
        self.ready = asyncio.Event()
        self._log = logs / f"{process.name}.log"
        self._pace = pace
        self._environment = {**environment, **process.environment}
        self._changed = changed
        self._child: subprocess.Popen[bytes] | None = None
        self._started: float | None = None
        self._state: State = "waiting"
        self._restarts = 0

    def snapshot(self) -> Snapshot:
        """How it stands now."""
        pid = self._child.pid if self._child is not None else None
        return Snapshot(self.process.name, pid, self._started, self._state, self._restarts, self.process.step)

    async def run(self) -> None:
        """Keep it running; returns only for a process with `once` that ended well."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            self._enter("waiting")
            for need in self.needs:
                await need.ready.wait()
            ready_at, code = await self._life(clock)
            if self.process.once and code == 0:
                if self.process.then is not None:
                    await asyncio.to_thread(self.process.then)
                self._enter("done")
                self.ready.set()
                log.info("process_done", process=self.process.name)
                return
            stable = ready_at is not None and clock() - ready_at >= self._pace.stable_s
            failures = 1 if stable else failures + 1
            delay = self._pace.delay(failures)
            log.warning(
                "process_ended",
                process=self.process.name,
                status=code,
                again_in_s=round(delay, 2),
                said=last_line(self._log)[-_SAID:],
                log=str(self._log),
            )
            self._restarts += 1
            self._enter("backoff")
            await asyncio.sleep(delay)

    async def stop(self) -> None:
        """End the process if it runs: SIGTERM, and SIGKILL to it alone after its deadline. `run` must have ended."""
        child = self._child
        if child is not None and child.poll() is None:
            self._enter("stopping")
            child.terminate()
            try:
                async with asyncio.timeout(self.process.stop_s):
                    await _exit(child)
            except TimeoutError:
                log.warning("process_killed", process=self.process.name, after_s=self.process.stop_s)
                child.kill()
                await _exit(child)
        self._forget()
        if self._state != "done":
            self._enter("stopped")

    async def _life(self, clock: Callable[[], float]) -> tuple[float | None, int]:
        """One start to one end: (when it became ready, exit status)."""
        began = clock()
        child = self._start()
        self._enter("starting")
        probing = asyncio.create_task(self._until_ready(child))
        ready_at: float | None = None
        try:
            ended = asyncio.create_task(_exit(child))
            await asyncio.wait({probing, ended}, return_when=asyncio.FIRST_COMPLETED)
            if child.poll() is None and probing.result():
                ready_at = clock()
                self._enter("running")
                if not self.process.once:
                    self.ready.set()
                log.info("process_ready", process=self.process.name, after_s=round(ready_at - began, 2))
            elif child.poll() is None:
                log.warning("process_not_ready", process=self.process.name, after_s=self.process.ready_s)
                child.kill()
            code = await ended
        finally:
            probing.cancel()
            self.ready.clear()
        self._forget()
        return ready_at, code

    async def _until_ready(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether it became ready in time."""
        probe, then = self.process.ready, self.process.then
        try:
            async with asyncio.timeout(self.process.ready_s):
                while child.poll() is None:
                    try:
                        if probe is None or await asyncio.to_thread(probe):
                            if then is not None and not self.process.once:
                                await asyncio.to_thread(then)
                            return True
                    except Retryable as error:
                        log.debug("probe_failed", process=self.process.name, error=str(error))
                    await asyncio.sleep(_PROBE_S)
        except (TimeoutError, Fatal) as error:
            log.error("start_failed", process=self.process.name, error=str(error) or "not ready in time")  # noqa: TRY400 -- a decision, not a crash
        return False

    def _start(self) -> subprocess.Popen[bytes]:
        # The tether ends the process with this one; a session of its own keeps a terminal's Ctrl-C
        # from it, so that the order of stopping is ours.
        with self._log.open("ab") as out:
            child = subprocess.Popen(
                tethered(self.process.command),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._child = child
        self._started = psutil.Process(child.pid).create_time()
        return child

    def _forget(self) -> None:
        self._child = None
        self._started = None

    def _enter(self, state: State) -> None:
        self._state = state
        self._changed()


async def _exit(child: subprocess.Popen[bytes]) -> int:
    """The exit status of `child`, once it ended."""
    while (status := child.poll()) is None:  # noqa: ASYNC110 -- nobody else can tell that it ended
        await asyncio.sleep(_LOOK_S)
    return status
