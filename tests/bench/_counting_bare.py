"""The limit of the counting job: a bare aiokafka loop that decodes and counts in memory. `python -m tests.bench._counting_bare JOB`.

It keeps no state, sends nothing, and commits once a second so that it can be watched.
"""

import asyncio
import sys
from collections import defaultdict
from time import monotonic

from aiokafka import AIOKafkaConsumer

from tests.bench._counting import Job, window_of


async def _count(job: Job) -> None:
    consumer = AIOKafkaConsumer(
        job.source,
        bootstrap_servers=job.bootstrap,
        group_id=job.group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    decode = job.decoder()
    counts: dict[tuple[bytes, int], int] = defaultdict(int)
    await consumer.start()
    committed = monotonic()
    try:
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    counts[record.key, window_of(record.timestamp)] += decode(record.value)["mentions"]
            if monotonic() - committed > 1:
                await consumer.commit()
                committed = monotonic()
    finally:
        await consumer.stop()


def main() -> int:
    asyncio.run(_count(Job.told()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
