"""Runs one stage in this process until it is told to stop or something ends it."""

import asyncio
import os
import signal
import sys
import threading

import faust
import structlog

from processors.batching.app import BatchApp
from processors.batching.cycles import seldom

log = structlog.get_logger()

_STOP_S = 9.0
"""A stop that takes longer than this is cut short: what was not committed is done by the next owner."""


def run_worker(app: BatchApp) -> int:
    """Run the app until SIGTERM or SIGINT (0) or a failure (1: to be restarted). Logging is left as it is."""
    seldom()
    code = asyncio.run(_until_signalled(app))
    if any(thread is not threading.main_thread() and not thread.daemon for thread in threading.enumerate()):
        # The consumer's thread could not be stopped; waiting for it would keep the partitions from their next owner.
        log.error("worker_thread_left_behind", stage=app.conf.id)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 1)
    return code


class _Worker(faust.Worker):  # type: ignore[misc]  # Faust has no types
    """Faust's worker without its hold on signals, standard output and logging."""

    def __init__(self, app: BatchApp) -> None:
        super().__init__(app, quiet=True, redirect_stdouts=False, override_logging=False)
        self.spinner = None

    def install_signal_handlers(self) -> None:
        """Nothing: `run_worker` has its own."""


async def _until_signalled(app: BatchApp) -> int:
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return await serve(app, stopping)


async def serve(app: BatchApp, stopping: asyncio.Event) -> int:
    """Run the app in this loop until `stopping` is set (0) or something ends it (1)."""
    worker = _Worker(app)
    running = asyncio.create_task(worker.start(), name="worker")
    ends = [running, asyncio.create_task(stopping.wait()), asyncio.create_task(app.failed.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    asked = stopping.is_set()
    log.info("worker_stopping", stage=app.conf.id, asked=asked)
    stopped = await _stop(worker)
    for task in ends:
        task.cancel()
    started, *_ = await asyncio.gather(*ends, return_exceptions=True)
    if isinstance(started, Exception):
        await app.fail(started)
    elif worker.crash_reason is not None:
        await app.fail(worker.crash_reason)
    log.info("worker_stopped", stage=app.conf.id, failed=app.failure is not None, in_time=stopped)
    return 0 if asked and app.failure is None else 1


async def _stop(worker: faust.Worker) -> bool:
    """Stop the worker; whether it ended by itself in time."""
    try:
        async with asyncio.timeout(_STOP_S):
            await worker.stop()
    except TimeoutError:
        return False
    return True
