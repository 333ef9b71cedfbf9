"""Stages as a user starts them (`python -m processors STAGE`), what feeds them, and what they have committed."""

import os
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import orjson
from confluent_kafka import Producer

from schemas.clients import producer_config
from schemas.codec import Codec
from schemas.events import Post
from schemas.flow import step
from schemas.positions import owes
from schemas.registry import PinnedIds
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS
from tests.support import rooms
from tests.support.kafka_reading import Offsets, read_all
from tests.support.rooms import Room
from tests.support.until import until

CODEC = Codec(PinnedIds())


def environment(bootstrap: str, prefix: str, **settings: object) -> dict[str, str]:
    """That of a stage with these settings and no other."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")}
    named = {f"DENYUT_{name.upper()}": str(value) for name, value in settings.items()}
    return {**kept, "DENYUT_KAFKA": bootstrap, "DENYUT_TOPIC_PREFIX": prefix, **named}


class Workers:
    """Processes of one stage; use as a context, so that none is left behind."""

    def __init__(self, bootstrap: str, prefix: str, stage: str, folder: Path, **settings: object) -> None:
        self._stage = stage
        self._log = folder / f"{stage}.log"
        self._environment = environment(bootstrap, prefix, **settings)
        self._bootstrap, self._prefix = bootstrap, prefix
        self.processes: list[Room] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def start(self, count: int = 1) -> None:
        """Start that many more."""
        for _ in range(count):
            with self._log.open("ab") as log:
                self.processes.append(
                    rooms.start(["processors", self._stage], self._environment, log.fileno(), log.fileno())
                )

    def revive(self) -> int:
        """Start others in place of those that have ended, as a supervisor would; how many."""
        ended = [process for process in self.processes if process.poll() is not None]
        self.processes = [process for process in self.processes if process not in ended]
        self.start(len(ended))
        return len(ended)

    def kill_one(self) -> None:
        """SIGKILL the one started first."""
        process = self.processes.pop(0)
        process.kill()
        process.wait()

    def stop(self) -> list[int]:
        """SIGTERM to all, once they heed it; their exit statuses, within a minute each."""
        # What is still importing dies of the signal, as any process would.
        until(lambda: all(map(_heeds_sigterm, self.processes)), f"{self._stage} is up")
        for process in self.processes:
            process.terminate()
        codes = [process.wait(60) for process in self.processes]
        self.processes.clear()
        return codes

    def settled(self, patience_s: float = 120) -> None:
        """Wait until every input partition is committed to its end and nothing is owed."""
        inputs = self._inputs()
        try:
            until(lambda: all(map(self._is_settled, inputs)), f"{self._stage} settled", patience_s)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; {self._log.read_text()[-3000:]}") from error
        finally:
            for offsets in inputs:
                offsets.close()

    def _is_settled(self, offsets: Offsets) -> bool:
        dead = [status for process in self.processes if (status := process.poll()) is not None]
        assert not dead, f"{self._stage} ended with {dead}: {self._log.read_text()[-3000:]}"
        return offsets.reached() and not any(owes(metadata) for metadata in offsets.metadata().values())

    def committed(self) -> int:
        """Input offsets committed so far, over all partitions of all inputs."""
        inputs = self._inputs()
        try:
            return sum(sum(offsets.committed().values()) for offsets in inputs)
        finally:
            for offsets in inputs:
                offsets.close()

    def _inputs(self) -> list[Offsets]:
        group = step(self._stage).group(self._prefix)
        return [
            Offsets(self._bootstrap, group, self._prefix + topic, TOPICS[topic].partitions(4))
            for topic in step(self._stage).inputs
        ]


def _heeds_sigterm(process: Room) -> bool:
    """Whether it has a handler of its own, or has ended."""
    if process.poll() is not None:
        return True
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:"))
    return bool(caught >> (signal.SIGTERM - 1) & 1)


class Feed:
    """Publishes what tests make, keyed and encoded as the real producers do."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._prefix = prefix
        # Without compression: these are few, and any reader can take them. A broker that is killed is no news.
        config = {
            **producer_config(KafkaSettings(kafka=bootstrap), "test"),
            "compression.type": "none",
            "log_level": 0,
        }
        self._producer = Producer(config)

    def send(self, topic: str, records: Iterable[tuple[str, Mapping[str, Any] | None]], **where: Any) -> int:
        """Encode and send (key, record or None); returns how many."""
        event = TOPICS[topic].event
        count = 0
        for key, record in records:
            value = None if record is None else CODEC.encode(event, record)
            self.raw(topic, key.encode(), value, **where)
            count += 1
        self.flush()
        return count

    def raw(self, topic: str, key: bytes | None, value: bytes | None, **where: Any) -> None:
        """Send bytes as they are."""
        while True:
            try:
                self._producer.produce(self._prefix + topic, key=key, value=value, **where)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def flush(self) -> None:
        """Wait until all is acknowledged."""
        assert self._producer.flush(60) == 0


def records(bootstrap: str, prefix: str, topic: str) -> list[dict[str, Any]]:
    """Every committed record of a topic, decoded."""
    return [CODEC.decode(message.value()).record for message in read_all(bootstrap, prefix + topic)]


def posts(
    count: int, *, start: int = 1_435_708_800_000, step_ms: int = 60_000, name: str = "g"
) -> list[Post]:
    """Posts of one platform, one every `step_ms`, with a few authors, tickers and hashtags."""
    now = time.time_ns() // 1_000_000
    made: list[Post] = []
    for number in range(count):
        at = start + number * step_ms
        made.append(
            Post(
                id=f"x:{name}{number}",
                platform="x",
                source="feed",
                kind="post",
                url=None,
                title=None,
                text=f"${('AAPL', 'MSFT', 'BAC')[number % 3]} naik {number} #ihsg harga saham",
                lang="id",
                author_id=f"a{number % 17}",
                author_name=None,
                author_handle=None,
                author_followers=None,
                author_verified=None,
                likes=1,
                shares=None,
                comments=2,
                views=None,
                parent_id=None,
                matched=[],
                symbols=[],
                published_at=at,
                published_precision="second",
                event_at=at,
                collected_at=now,
                collector="test",
                raw=orjson.dumps({"n": number}).decode(),
            )
        )
    return made
