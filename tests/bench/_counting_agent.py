"""The counting job as an agent of stock Faust, as its manual writes one: `python -m tests.bench._counting_agent JOB`."""

import sys
from typing import Any

import faust

from tests.bench._counting import WINDOW_MS, Job, window_of


def build(job: Job) -> faust.App:
    """The app of this job: a tumbling table by the stream's time, one event at a time."""
    app = faust.App(
        job.group,
        broker=f"kafka://{job.bootstrap}",
        store="memory://",
        topic_partitions=job.partitions,
        web_enabled=False,
        datadir=job.folder,
    )
    kinds = {"key_type": str, "key_serializer": "raw", "value_type": bytes, "value_serializer": "raw"}
    source, out = app.topic(job.source, **kinds), app.topic(job.out, **kinds)
    size = WINDOW_MS / 1000
    counts = app.Table("counts", default=int).tumbling(size, expires=2 * size)
    windows = counts.relative_to_stream()
    decode = job.decoder()

    @app.agent(source)  # type: ignore[untyped-decorator]  # Faust has no types
    async def count(stream: Any) -> None:
        async for event in stream.events():
            windows[event.key] += decode(event.value)["mentions"]
            start = window_of(round(event.message.timestamp * 1000))
            await out.send(key=event.key, value=b"%d:%d" % (start, windows[event.key].value()))

    return app


def main() -> int:
    worker = faust.Worker(build(Job.told()), loglevel="WARNING")
    worker.execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
