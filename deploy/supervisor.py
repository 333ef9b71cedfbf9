"""Runs a process table: starts in order, restarts what ends, stops in reverse order."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog

from deploy.keeper import Keeper
from deploy.logfiles import rotate
from deploy.process import Pace, Process, Snapshot
from schemas.errors import Fatal

_ROTATE_S = 5.0

log = structlog.get_logger()


class Supervisor:
    """Keeps all processes of a table; `changed` is called with snapshots whenever one of them changes its state.

    Raises Fatal where a process comes after one that is not earlier in the table. Nothing starts before `run`.
    """

    def __init__(
        self,
        processes: Sequence[Process],
        logs: Path,
        environment: Mapping[str, str],
        changed: Callable[[Sequence[Snapshot]], None],
        *,
        pace: Pace | None = None,
        log_bytes: int = 10_000_000,
    ) -> None:
        self._logs = logs
        self._log_bytes = log_bytes
        self._keepers: dict[str, Keeper] = {}
        for process in processes:
            if process.name in self._keepers:
                raise Fatal(f"two processes are named {process.name}")
            missing = [name for name in process.after if name not in self._keepers]
            if missing:
                raise Fatal(
                    f"{process.name} comes after {', '.join(missing)}, which is not earlier in the table"
                )
            self._keepers[process.name] = Keeper(
                process,
                [self._keepers[name] for name in process.after],
                logs,
                pace or Pace(),
                environment,
                lambda: changed(self.snapshots()),
            )

    def snapshots(self) -> list[Snapshot]:
        """How every process stands now, in the order of the table."""
        return [keeper.snapshot() for keeper in self._keepers.values()]

    async def until_ready(self) -> None:
        """Return when every process that does not end by itself was seen ready."""
        for keeper in self._keepers.values():
            if not keeper.process.once:
                await keeper.ready.wait()

    async def run(self, stop: asyncio.Event) -> None:
        """Run everything until `stop` is set; every process has ended on return, an error's included."""
        self._logs.mkdir(parents=True, exist_ok=True)
        stopping = asyncio.create_task(stop.wait())
        rotating = asyncio.create_task(self._rotate())
        running = {asyncio.create_task(keeper.run()) for keeper in self._keepers.values()}
        try:
            pending = running | {stopping, rotating}
            while not stopping.done():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in (*running, stopping, rotating):
                task.cancel()
            await asyncio.gather(*running, stopping, rotating, return_exceptions=True)
            await self._stop()

    async def _stop(self) -> None:
        """Stop everything; a process stops when all that come after it have stopped."""
        stops: dict[str, asyncio.Task[None]] = {}
        for name, keeper in reversed(self._keepers.items()):
            dependents = [stops[other] for other in stops if keeper in self._keepers[other].needs]
            stops[name] = asyncio.create_task(_stop_after(keeper, dependents))
        for name, outcome in zip(
            stops, await asyncio.gather(*stops.values(), return_exceptions=True), strict=True
        ):
            if isinstance(outcome, BaseException):
                log.error("stop_failed", process=name, error=str(outcome))

    async def _rotate(self) -> None:
        while True:
            await asyncio.sleep(_ROTATE_S)
            for name in self._keepers:
                try:
                    rotate(self._logs / f"{name}.log", self._log_bytes)
                except OSError as error:
                    log.warning("rotation_failed", process=name, error=str(error))


async def _stop_after(keeper: Keeper, dependents: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.gather(*dependents, return_exceptions=True)
    await keeper.stop()
