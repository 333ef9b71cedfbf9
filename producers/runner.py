"""The runner: all collectors of a process, a thread each, and the requests that they answer."""

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from threading import Event

from producers.base import Collector
from producers.loop import Loop
from producers.requests.follow import Requests
from producers.settings import ProducerSettings
from schemas.codec import Codec


def run_collectors(
    collectors: Sequence[Collector],
    settings: ProducerSettings,
    codec: Codec,
    stop: Event,
    requests: Requests | None = None,
) -> None:
    """Run all of them, a thread each, until they are finished or `stop` is set; raises the first Fatal.

    What `requests` brings is answered meanwhile.
    """
    with ThreadPoolExecutor(len(collectors), "collector") as pool:
        loops = [Loop(collector, settings, codec, stop) for collector in collectors]
        futures = [pool.submit(copy_context().run, loop.run) for loop in loops]
        if requests is not None:
            for loop in loops:
                requests.subscribe(loop.name, loop.order)
            requests.start(stop.set)
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        stop.set()
        if requests is not None:
            requests.close()
    for future in [*done, *futures]:
        future.result()
