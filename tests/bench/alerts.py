"""The stage `alerts` with the default rules: records a second in a replay of trends, cost when idle, delay of an alert."""

import random
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
from confluent_kafka import Consumer, TopicPartition

from deploy.control import read_seeds
from deploy.rules import RuleSeed
from deploy.settings import DeploySettings
from schemas.events import Trend
from tests.bench.report import Row, report
from tests.support.alerting import START, trend
from tests.support.broker import OwnBroker
from tests.support.stages import CODEC, Feed, Workers
from tests.support.topics import create_topics
from tests.support.until import until

_TRENDS = 480_000
"""As many as one replay of the recorded posts makes."""
_IDLE_S = 20
_PLANTED = 200
_EVERY_S = 0.1
_MINUTE = 60_000
_SPANS = {"1m": _MINUTE, "5m": 5 * _MINUTE, "1h": 60 * _MINUTE, "1d": 1_440 * _MINUTE}


def main() -> int:
    """Measure all; the exit code."""
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        broker = OwnBroker(Path(name))
        broker.start()
        try:
            rows = _measure(broker, Path(name))
        finally:
            broker.stop()
    report("alerts", rows)
    return 0


def _measure(broker: OwnBroker, folder: Path) -> list[Row]:
    prefix = f"b{uuid.uuid4().hex[:8]}."
    create_topics(broker.bootstrap, prefix)
    seeds = read_seeds(DeploySettings().rules_file, "rules", RuleSeed)
    feed = Feed(broker.bootstrap, prefix)
    feed.send("rules", [(seed.id, seed.record(0, None)) for seed in seeds])
    for key, value in _replayed():
        feed.raw("trends", key, value)
    feed.flush()
    with Workers(broker.bootstrap, prefix, "alerts", folder) as workers:
        workers.start()
        (started,) = workers.processes
        worker = psutil.Process(started.pid)
        until(lambda: workers.committed() > 0, "the first records")
        first, began, before = workers.committed(), time.monotonic(), _cpu(worker)
        until(lambda: workers.committed() == _TRENDS, "all records", 300)
        seconds, cpu = time.monotonic() - began, _cpu(worker) - before
        before = _cpu(worker)
        time.sleep(_IDLE_S)
        idle = (_cpu(worker) - before) / _IDLE_S
        resident = worker.memory_info().rss / 2**20
        delays = sorted(_delays(broker.bootstrap, prefix, feed))
    return [
        Row("denyut", "trends_per_s", (_TRENDS - first) / seconds, "trends/s"),
        Row("denyut", "cpu_per_trend", 1e6 * cpu / (_TRENDS - first), "µs"),
        Row("denyut", "idle_cpu", 100 * idle, "% of a core"),
        Row("denyut", "resident", resident, "MiB"),
        Row("denyut", "trend_to_alert_p50", 1e3 * statistics.median(delays), "ms"),
        Row("denyut", "trend_to_alert_p99", 1e3 * delays[int(0.99 * len(delays))], "ms"),
    ]


def _replayed() -> Iterator[tuple[bytes, bytes]]:
    """Trends as a replay of sparse posts makes them: mostly short windows of symbols and hashtags, an eighth of `all:`."""
    dice = random.Random(7)
    for number in range(_TRENDS):
        kind = dice.choices(("all", "keyword", "symbol", "hashtag"), (13, 2, 45, 40))[0]
        subject = "all:" if kind == "all" else f"{kind}:{int(dice.paretovariate(1)) % 500}"
        window = dice.choices(("1m", "5m", "1h", "1d"), (45, 38, 14, 3))[0]
        start = START + number * _MINUTE // 100
        start -= start % _SPANS[window]
        yield (
            subject.encode(),
            _encoded(
                trend(
                    subject=subject,
                    platform=dice.choice(("", "x")),
                    window=window,
                    start=start,
                    end=start + _SPANS[window],
                    mentions=dice.randint(1, 30),
                    score=dice.gauss(0, 1),
                    closed=dice.random() < 0.5,
                    terms={f"word{n}": n for n in range(20)},
                )
            ),
        )


def _delays(bootstrap: str, prefix: str, feed: Feed) -> list[float]:
    """Seconds from producing each planted revision to reading its alert."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": 10,
        }
    )
    try:
        partitions = [TopicPartition(f"{prefix}alerts", number) for number in range(4)]
        for at in partitions:
            at.offset = consumer.get_watermark_offsets(at, timeout=10)[1]
        consumer.assign(partitions)
        delays = []
        for number in range(_PLANTED):
            subject = f"keyword:planted{number}"
            value = _encoded(trend(subject=subject, score=9.0, mentions=50))
            time.sleep(_EVERY_S)
            sent = time.monotonic()
            feed.raw("trends", subject.encode(), value)
            feed.flush()
            while True:
                message = consumer.poll(10)
                assert message is not None, f"no alert of {subject}"
                assert message.error() is None, message.error()
                if CODEC.decode(message.value()).record["subject"] == subject:
                    break
            delays.append(time.monotonic() - sent)
        return delays
    finally:
        consumer.close()


def _encoded(one: Trend) -> bytes:
    return CODEC.encode("trend", one)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
