"""The keywords to look for: control state in a compacted topic, listed, added, removed and seeded from TOML."""

import re
import time
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.clients import consumer_config, producer_config
from schemas.codec import Codec
from schemas.errors import Fatal, Retryable
from schemas.events import Keyword
from schemas.registry import PinnedIds
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_TIMEOUT_S = 20
_NOT_SLUG = re.compile(r"[^\w]+", re.UNICODE)


class Seed(BaseModel):
    """A keyword as a person writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    text: str = Field(min_length=1, max_length=200)
    id: str = ""
    category: str = "general"
    priority: int = Field(3, ge=1, le=5)
    active: bool = True
    languages: tuple[str, ...] = ()

    def record(self, now: int) -> Keyword:
        """The event; `now` is epoch milliseconds. Without an id of its own, one made of the text."""
        return {
            "id": self.id or slug(self.text),
            "text": self.text,
            "category": self.category,
            "priority": self.priority,
            "active": self.active,
            "languages": list(self.languages),
            "updated_at": now,
        }


def slug(text: str) -> str:
    """A stable id from a phrase: `Bank Central Asia` becomes `bank-central-asia`."""
    return _NOT_SLUG.sub("-", text.casefold()).strip("-") or text


def read_seeds(path: Path) -> list[Seed]:
    """The `[[keywords]]` tables of a TOML file; raises Fatal naming what is wrong with it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("keywords", [])
        return [Seed.model_validate(table) for table in tables]
    except OSError as error:
        raise Fatal(f"keywords file {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Fatal(f"keywords file {path}: {error}") from error


class KeywordTopic:
    """The `keywords` topic of one Kafka; methods raise Retryable where it does not answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._topic = TOPICS["keywords"].full_name(settings.topic_prefix)
        self._codec = Codec(PinnedIds())

    def current(self) -> dict[str, Mapping[str, Any]]:
        """Every keyword that is not deleted, by id."""
        consumer = Consumer(consumer_config(self._settings, "keywords", "unused"))
        found: dict[str, Mapping[str, Any]] = {}
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

    def put(self, seeds: Iterable[Seed], now: int) -> list[str]:
        """Write keywords, replacing those of the same id; their ids."""
        records = [seed.record(now) for seed in seeds]
        self._write({record["id"]: self._codec.encode("keyword", record) for record in records})
        return [record["id"] for record in records]

    def remove(self, ids: Iterable[str]) -> list[str]:
        """Delete keywords; the ids of those that were there."""
        current = self.current()
        gone = [keyword for keyword in ids if keyword in current]
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
        producer = Producer({**producer_config(self._settings, "keywords"), "log_level": 3})
        for key, value in values.items():
            producer.produce(self._topic, key=key, value=value, on_delivery=delivered)
        if producer.flush(_TIMEOUT_S) or failures:
            raise Retryable(
                f"{self._topic}: {failures[0] if failures else 'Kafka did not acknowledge in time'}"
            )


def seed_once(topic: KeywordTopic, seeds: Iterable[Seed], remembered: Path, now: int) -> list[str]:
    """Write the seeds whose ids the file `remembered` does not list, then list them there; the new ids.

    So a seed that somebody removed stays removed, and one added to the file later still arrives.
    """
    known = (
        set(remembered.read_text(encoding="utf-8").splitlines(keepends=False))
        if remembered.exists()
        else set()
    )
    current = topic.current() if not known else {}
    fresh = [seed for seed in seeds if seed.record(now)["id"] not in known]
    # A crash between writing and listing must not undo what somebody changed meanwhile.
    ids = topic.put([seed for seed in fresh if seed.record(now)["id"] not in current], now)
    if fresh:
        listed = sorted(known | {seed.record(now)["id"] for seed in fresh})
        remembered.write_text("".join(f"{keyword}\n" for keyword in listed), encoding="utf-8")
    return ids
