"""The counting job on this product's lanes: `python -m tests.bench._counting_lanes JOB`.

The variant `per_batch` tells what a window stands at once a batch, as our stages do, not with every event.
"""

import sys
from pathlib import Path

from processors.batching import Batch, BatchApp, Handler, run_worker
from schemas.logs import configure
from schemas.settings import Settings
from tests.bench._counting import WINDOW_MS, Job, window_of


def build(job: Job) -> BatchApp:
    """The app of this job; windows that ended one window ago are deleted."""
    app = BatchApp(id=job.group, broker=job.bootstrap, partitions=job.partitions)
    windows = app.batch_table("windows")
    decode = job.decoder()
    latest: dict[int, int] = {}
    each = job.variant != "per_batch"

    async def count(batch: Batch) -> None:
        fresh: dict[str, int] = {}
        highest = before = latest.get(batch.partition, 0)
        for record in batch.records:
            assert record.key is not None
            assert record.value is not None
            start = window_of(record.timestamp)
            highest = max(highest, start)
            row = f"{start}|{record.key.decode()}"
            known = fresh.get(row)
            if known is None:
                known = batch.get(windows, row) or 0
            known += decode(record.value)["mentions"]
            fresh[row] = known
            if each:
                batch.send(job.out, record.key, b"%d:%d" % (start, known))
        if highest != before:
            for row in batch.rows(windows):
                if int(row.partition("|")[0]) < highest - WINDOW_MS:
                    batch.put(windows, row, None)
            latest[batch.partition] = highest
        for row, known in fresh.items():
            batch.put(windows, row, known)
            if not each:
                begun, _, key = row.partition("|")
                batch.send(job.out, key.encode(), b"%s:%d" % (begun.encode(), known))

    app.add_handler(Handler(name="count", topics=(job.source,), handle=count))
    return app


def main() -> int:
    job = Job.told()
    configure("counting", Settings(log_level="info", log_json=True, data_dir=Path(job.folder)))
    return run_worker(build(job))


if __name__ == "__main__":
    sys.exit(main())
