"""Control state in a compacted topic (keywords, instruments, rules …): read, put, removed and seeded from TOML."""

import time
import tomllib
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.clients import consumer_config, producer_config
from schemas.codec import Codec
from schemas.errors import Fatal, Retryable
from schemas.registry import schema_ids
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_TIMEOUT_S = 20

ControlRecord = Mapping[str, Any]
"""An event of a control topic."""


class Seed(BaseModel):
    """A piece of control state as a person writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @property
    @abstractmethod
    def key(self) -> str:
        """Its key in the topic."""

    @abstractmethod
    def record(self, now: int, before: ControlRecord | None) -> ControlRecord:
        """The event; `now` is epoch milliseconds, `before` what stands under the same key so far."""


S = TypeVar("S", bound=Seed)


def read_seeds(path: Path, name: str, kind: type[S]) -> list[S]:
    """The `[[name]]` tables of a TOML file; raises Fatal naming what is wrong with it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get(name, [])
    except OSError as error:
        raise Fatal(f"{name} file {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise Fatal(f"{name} file {path}: {error}") from error
    seeds = []
    for number, table in enumerate(tables, start=1):
        try:
            seeds.append(kind.model_validate(table))
        except ValidationError as error:
            raise Fatal(f"{name} file {path}, table {number}: {problems(error)}") from error
    return seeds


def problems(error: ValidationError) -> str:
    """What is wrong, field by field, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}".removeprefix(
            ": "
        )
        for problem in error.errors(include_url=False, include_input=False)
    )


class ControlTopic:
    """One compacted topic of the catalogue in one Kafka; methods raise Retryable where it does not answer."""

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._topic = TOPICS[name].full_name(settings.topic_prefix)
        self._codec = Codec(schema_ids(settings))

    def current(self) -> dict[str, ControlRecord]:
        """Everything that is not deleted, by key."""
        consumer = Consumer(consumer_config(self._settings, self._name, "unused"))
        found: dict[str, ControlRecord] = {}
        try:
            start, end = consumer.get_watermark_offsets(
                TopicPartition(self._topic, 0), timeout=_TIMEOUT_S, cached=False
            )
            consumer.assign([TopicPartition(self._topic, 0, start)])
            deadline = time.monotonic() + _TIMEOUT_S
            while consumer.position([TopicPartition(self._topic, 0)])[0].offset < end and start < end:
                if time.monotonic() > deadline:
                    raise Retryable(f"reading {self._topic} took longer than {_TIMEOUT_S} s")
                for message in consumer.consume(1000, timeout=0.2):
                    if message.error() is not None:
                        raise Retryable(f"{self._topic}: {message.error().str()}")
                    key = (message.key() or b"").decode()
                    if message.value() is None:
                        found.pop(key, None)
                    else:
                        found[key] = self._codec.decode(message.value()).record
        except KafkaException as error:
            raise Retryable(f"{self._topic}: {error.args[0].str()}") from error
        finally:
            consumer.close()
        return found

    def put(self, records: Mapping[str, ControlRecord]) -> list[str]:
        """Write records by key, replacing those of the same key; the keys."""
        event = TOPICS[self._name].event
        self._write({key: self._codec.encode(event, dict(record)) for key, record in records.items()})
        return list(records)

    def put_seeds(self, seeds: Iterable[Seed], now: int) -> list[str]:
        """Write seeds, replacing what stands under the same keys; the keys."""
        current = self.current()
        return self.put({seed.key: seed.record(now, current.get(seed.key)) for seed in seeds})

    def remove(self, keys: Iterable[str]) -> list[str]:
        """Delete; the keys of those that were there."""
        current = self.current()
        gone = [key for key in keys if key in current]
        self._write(dict.fromkeys(gone))
        return gone

    def _write(self, values: Mapping[str, bytes | None]) -> None:
        if not values:
            return
        failures: list[str] = []

        def delivered(error: Any, _message: Any) -> None:
            if error is not None:
                failures.append(error.str())

        # A broker that has just started is still loading: it is asked again, and nobody needs to hear of it.
        producer = Producer({**producer_config(self._settings, self._name), "log_level": 3})
        for key, value in values.items():
            producer.produce(self._topic, key=key, value=value, on_delivery=delivered)
        if producer.flush(_TIMEOUT_S) or failures:
            raise Retryable(
                f"{self._topic}: {failures[0] if failures else 'Kafka did not acknowledge in time'}"
            )


def seed_once(topic: ControlTopic, seeds: Iterable[Seed], remembered: Path, now: int) -> list[str]:
    """Write the seeds whose keys the file `remembered` does not list, then list them there; the new keys.

    So a seed that somebody removed stays removed, and one added to the file later still arrives.
    """
    known = (
        set(remembered.read_text(encoding="utf-8").splitlines(keepends=False))
        if remembered.exists()
        else set()
    )
    current = topic.current() if not known else {}
    fresh = [seed for seed in seeds if seed.key not in known]
    # A crash between writing and listing must not undo what somebody changed meanwhile.
    keys = topic.put({seed.key: seed.record(now, None) for seed in fresh if seed.key not in current})
    if fresh:
        listed = sorted(known | {seed.key for seed in fresh})
        remembered.write_text("".join(f"{key}\n" for key in listed), encoding="utf-8")
    return keys
