"""`python -m producers` as tests start it, and what it has left in Kafka."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from producers.checkpoint import read_cursors
from producers.recorded.track import Pass
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support import rooms
from tests.support.kafka_reading import read_all
from tests.support.rooms import Room
from tests.support.until import until

CODEC = Codec(PinnedIds())
TOPICS = ["posts", "candles", "quotes", "runs", "dead-letters", "checkpoints", "requests"]


class Producers:
    """`python -m producers` against one broker, under one topic prefix."""

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        self.bootstrap, self.prefix, self._folder = bootstrap, prefix, folder
        self._started = 0

    def environment(self, **settings: str) -> dict[str, str]:
        # A canary would be one run and one question more than a test counts.
        own = {
            "kafka": self.bootstrap,
            "topic_prefix": self.prefix,
            "log_json": "1",
            "canary_s": "0",
            **settings,
        }
        return {**os.environ, **{f"DENYUT_{name.upper()}": value for name, value in own.items()}}

    @contextmanager
    def start(self, *words: str, **settings: str) -> Iterator[tuple[Room, Path]]:
        """(process, its log); killed at the end where it still runs."""
        self._started += 1
        path = self._folder / f"producers-{self._started}.log"
        with path.open("wb") as log:
            process = rooms.start(
                ["producers", *words], self.environment(**settings), sys.stdout.fileno(), log.fileno()
            )
        try:
            yield process, path
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def run(self, *words: str, **settings: str) -> tuple[int, list[dict[str, Any]]]:
        """(exit status, log lines) of a command that ends by itself."""
        with self.start(*words, **settings) as (process, log):
            return process.wait(120), lines(log)

    def read(self, topic: str) -> list[Any]:
        return list(read_all(self.bootstrap, self.prefix + topic))

    def records(self, topic: str) -> list[dict[str, Any]]:
        return [CODEC.decode(message.value()).record for message in self.read(topic)]

    def passes(self) -> list[Pass]:
        settings = ProducerSettings.model_validate({"kafka": self.bootstrap, "topic_prefix": self.prefix})
        cursors = read_cursors(settings, CODEC, "replay", Event())
        return sorted((Pass.model_validate_json(value) for value in cursors.values()), key=lambda p: p.number)


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def event(log: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(line for line in log if line["event"] == name)


class Counter:
    """How many records a topic has; what it last was where the broker cannot tell."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._client = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "log_level": 0})
        numbers = self._client.list_topics(topic, 30).topics[topic].partitions
        self._partitions = [TopicPartition(topic, number) for number in numbers]
        self._last = 0

    def __call__(self) -> int:
        with suppress(KafkaException):
            self._last = sum(self._client.get_watermark_offsets(tp, timeout=10)[1] for tp in self._partitions)
        return self._last

    def passes(self, count: int) -> None:
        """Wait until there are more than `count`."""
        until(lambda: self() > count, f"more than {count} records")
