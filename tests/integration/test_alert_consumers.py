"""Alerts of the newer kinds over real Kafka, and how other systems read them: with a registry, and as CloudEvents."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from deploy.registration import register
from schemas.codec import Codec
from schemas.registry import schema_ids
from schemas.settings import KafkaSettings
from tests.support.alerting import HOUR, START, bar, rule, topic, trend
from tests.support.apicurio import Apicurio, fetched
from tests.support.broker import Broker
from tests.support.kafka_reading import read_all
from tests.support.stages import Feed, Workers
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka
EXAMPLES = Path(__file__).parents[2] / "deploy" / "docs" / "examples"
DAY = 24 * HOUR
SYMBOLS = [f"S{number}" for number in range(6)]
RULES = [
    rule("divergence", "symbol:*", id="apart"),
    rule("new_topic", "topic:*", id="new"),
    rule(id="own", owner="sri"),
    rule(id="all"),
]


@contextmanager
def reading(name: str, output: Path, prefix: str, *words: str) -> Iterator[Path]:
    """An example as somebody would run it; what it prints goes to a file."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DENYUT_")}
    environment = {**kept, "DENYUT_TOPIC_PREFIX": prefix}
    command = [sys.executable, str(EXAMPLES / name), *words]
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)
    try:
        yield output
        assert process.poll() is None, output.with_suffix(".err").read_text()
    finally:
        process.kill()
        process.wait()


def printed(path: Path) -> list[str]:
    """The ids of the alerts that an example has printed."""
    return [line.partition("\t")[0] for line in path.read_text().splitlines()]


def days(symbol: str) -> list[tuple[str, Any]]:
    """Six days in good mood, and one in bad mood."""
    made = []
    for number in range(7):
        mood = {"negative": 16, "positive": 2} if number == 6 else {"negative": 4, "positive": 10}
        start = START + number * DAY
        window = trend(0, f"symbol:{symbol}", start=start, end=start + DAY, window="1d", mentions=20, **mood)
        made.append((f"symbol:{symbol}", window))
    return made


def test_alerts_reach_those_with_a_registry_and_those_without_avro(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    registry = Apicurio(fetched(), tmp_path / "registry.log")
    with ExitStack() as ends:
        ends.callback(registry.stop)
        registry.start()
        settings = KafkaSettings(schema_registry_url=registry.url, topic_prefix=prefix)
        register(settings)
        create_topics(kafka.bootstrap, prefix)
        feed = Feed(kafka.bootstrap, prefix)
        feed.send("rules", [(one["id"], one) for one in RULES])
        workers = Workers(kafka.bootstrap, prefix, "alerts", tmp_path, schema_registry_url=registry.url)
        ends.enter_context(workers).start(2)
        # Bars are keyed otherwise than trends: most of these pairs meet only because the closes are sent on.
        feed.send("bars", [(symbol, bar(6, symbol, change=0.05)) for symbol in SYMBOLS])
        feed.send("trends", [one for symbol in SYMBOLS for one in days(symbol)])
        feed.send("trends", [("all:", trend())])
        feed.send("topics", [(one["id"], one) for one in (topic(), topic(revision=2), topic("c" * 32, 3))])
        feed.flush()
        avro = reading("alerts_avro.py", tmp_path / "avro.txt", prefix, kafka.bootstrap, registry.url)
        mirror = reading("alerts_json.py", tmp_path / "json.txt", prefix, kafka.bootstrap)
        with avro as avro_lines, mirror as json_lines:
            everyones = {
                *(f"apart:1:symbol:{symbol}:{START + 6 * DAY}" for symbol in SYMBOLS),
                f"new:1:topic:{'a' * 32}:{START}",
                f"all:1:all::{START}",
            }
            until(lambda: everyones <= set(printed(json_lines)), "the mirror is read", 120)
            until(lambda: len(printed(avro_lines)) > len(everyones), "the alerts are read", 120)
            # What is committed is not raised again by a worker that takes over.
            workers.kill_one()
            feed.send("bars", [(symbol, bar(6, symbol, change=0.05)) for symbol in SYMBOLS])
            feed.send("trends", [("all:", trend(5))])
            feed.flush()
            last = f"all:1:all::{START + 5 * HOUR}"
            until(lambda: last in printed(json_lines), "the worker that is left goes on", 120)
            workers.settled()
        owned = {f"own:1:all::{START}", f"own:1:all::{START + 5 * HOUR}"}
        codec = Codec(schema_ids(settings))
        told = {}
        for message in read_all(kafka.bootstrap, f"{prefix}alerts"):
            alert = codec.decode(message.value()).record
            assert alert["id"] not in told, "none is told twice"
            assert message.headers() is None
            told[alert["id"]] = alert
        assert told.keys() == everyones | {last} | owned
        mirrored = {}
        for message in read_all(kafka.bootstrap, f"{prefix}alerts.json"):
            event = orjson.loads(message.value())
            assert message.headers() == [("content-type", b"application/cloudevents+json")]
            assert message.key().decode() == event["partitionkey"]
            mirrored[event["id"]] = event["data"]
        assert mirrored == {name: alert for name, alert in told.items() if name not in owned}
        assert set(printed(tmp_path / "avro.txt")) >= everyones | {f"own:1:all::{START}"}
