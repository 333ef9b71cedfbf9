"""The counting job in Quix Streams, run in an environment that has it: `python -m tests.bench._counting_quix JOB`.

The variant `exactly_once` asks for that processing guarantee.
"""

import sys
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # not in our lock

from tests.bench._counting import WINDOW_MS, Job


def main() -> int:
    job = Job.told()
    app = Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        state_dir=job.folder,
        loglevel="WARNING",
        processing_guarantee="exactly-once" if job.variant == "exactly_once" else "at-least-once",
    )
    decode = job.decoder()

    def told(window: Any) -> bytes:
        return b"%d:%d" % (window["start"], window["value"])

    source = app.topic(job.source, key_deserializer="bytes", value_deserializer="bytes")
    out = app.topic(job.out, key_serializer="bytes", value_serializer="bytes")
    counted = app.dataframe(source).apply(lambda value: decode(value)["mentions"])
    counted.tumbling_window(WINDOW_MS).sum().current().apply(told).to_topic(out)
    app.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
