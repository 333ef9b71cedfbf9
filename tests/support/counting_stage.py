"""A worker for tests of the lanes: counts records per key in a table and sends one output per record.

`python -m tests.support.counting_stage '{"id": …, "broker": …, "source": …, "out": …, …}'`; see `Options`.
"""

import asyncio
import dataclasses
import random
import sys
from pathlib import Path

import orjson

import processors.batching.changelog
from processors.batching import Batch, BatchApp, Handler, Tuning, run_worker
from schemas.logs import configure
from schemas.settings import Settings
from tests.support.probing import Probing, probe_of

ROOT = Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options(Probing):
    """What a test asks of the worker."""

    id: str
    broker: str
    source: str
    out: str | None = None
    partitions: int = 4
    max_records: int = 5000
    linger_s: float = 0.03
    tick_s: float | None = None
    watchdog_s: float = 120.0
    hang: bool = False
    """Whether the handler never returns."""
    mutation: str = ""
    """A deliberate bug: `uncommitted` or `process_ids`."""


class ProcessIds(BatchApp):
    """The bug of one transactional id per process instead of per lane: nothing fences a former owner."""

    _process = random.getrandbits(64)

    def transactional_id(self, handler: str, partition: int) -> str:
        return f"{super().transactional_id(handler, partition)}-{self._process}"


def build(options: Options) -> BatchApp:
    """The app of these options."""
    app = (ProcessIds if options.mutation == "process_ids" else BatchApp)(
        id=options.id,
        broker=options.broker,
        partitions=options.partitions,
        tuning=Tuning(
            session_timeout_s=options.session_s,
            heartbeat_s=1.5,
            rebalance_timeout_s=20.0,
            transaction_timeout_s=options.transaction_s,
            watchdog_s=options.watchdog_s,
        ),
        probe=probe_of(options),
    )
    counts = app.batch_table("counts")

    async def count(batch: Batch) -> None:
        if options.hang:
            await asyncio.Event().wait()
        fresh: dict[str, int] = {}
        for record in batch.records:
            assert record.key is not None
            key = record.key.decode()
            seen = fresh.get(key)
            if seen is None:
                seen = batch.get(counts, key) or 0
            fresh[key] = seen + 1
            if options.out is not None:
                batch.send(options.out, record.key, b"%d:%d:%d" % (record.partition, record.offset, seen + 1))
        for key, value in fresh.items():
            batch.put(counts, key, value)

    app.add_handler(
        Handler(
            name="count",
            topics=(options.source,),
            handle=count,
            max_records=options.max_records,
            linger_s=options.linger_s,
            tick_s=options.tick_s,
        )
    )
    return app


def main() -> int:
    options = Options(**orjson.loads(sys.argv[1]))
    configure("counting", Settings(log_level="info", log_json=True, data_dir=ROOT))
    if options.mutation == "uncommitted":
        processors.batching.changelog.ISOLATION = "read_uncommitted"
    return run_worker(build(options))


if __name__ == "__main__":
    sys.exit(main())
