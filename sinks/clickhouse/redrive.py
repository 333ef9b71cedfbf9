"""Publishes the bytes of dead letters again where they came from, each once unless asked to do it again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clickhouse_connect.driver.client import Client
from confluent_kafka import KafkaException, Producer

from schemas.clients import producer_config
from schemas.errors import Fatal, Retryable
from schemas.settings import KafkaSettings
from sinks.clickhouse.letters import contents, facts

_FLUSH_S = 30
_TOGETHER = 20
"""How many are held in memory, noted and published at once."""


@dataclass(slots=True)
class Redriven:
    """How many were published to each topic, and how many were left out and why."""

    published: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        parts = [f"published {count} to {topic}" for topic, count in sorted(self.published.items())]
        parts += [f"left out {count}: {why}" for why, count in sorted(self.left_out.items())]
        return "; ".join(parts) or "published none"


def redrive(
    client: Client, settings: KafkaSettings, letters: Sequence[str], *, again: bool, lenient: bool
) -> Redriven:
    """Publish the raw bytes of these dead letters to their topics, with their keys.

    A note is made before and after, so that none is published twice by accident: not even if this process dies
    in between. One that was redriven before (unless `again`), came from no topic, or was cut is left out if
    `lenient`; otherwise Fatal is raised for it before anything is published. Raises Retryable where Kafka does not
    take one.
    """
    result = Redriven()
    ready = []
    for fact in facts(client, letters):
        obstacle = _obstacle(fact, again=again)
        if obstacle is None:
            ready.append(fact)
        elif lenient:
            result.left_out[obstacle] += 1
        else:
            raise Fatal(f"{fact['id']}: {obstacle}")
    if not ready:
        return result
    producer = Producer(producer_config(settings, "redrive"))
    for first in range(0, len(ready), _TOGETHER):
        some = ready[first : first + _TOGETHER]
        _note(client, some, published=False)
        _publish(producer, contents(client, [fact["id"] for fact in some]))
        _note(client, some, published=True)
        result.published.update(str(fact["origin_topic"]) for fact in some)
    return result


def _obstacle(fact: Mapping[str, Any], *, again: bool) -> str | None:
    """Why a letter is not to be published; None where it may be."""
    if fact["origin_topic"] is None:
        return "it came from no topic, there is nothing to publish to"
    if not fact["raw_size"]:
        return "it has no bytes, there is nothing to publish"
    if fact["kept"] != fact["raw_size"]:
        return "only a part of its bytes was kept, it cannot be published again"
    if again or not fact["noted"]:
        return None
    if fact["published"]:
        return "it was redriven before, --again publishes it once more"
    return "a redrive of it was cut short and may have published it, --again publishes it once more"


def _publish(producer: Producer, letters: Sequence[Mapping[str, Any]]) -> None:
    failures: list[str] = []
    try:
        for letter in letters:
            producer.produce(
                letter["origin_topic"],
                key=None if letter["key"] is None else bytes.fromhex(letter["key"]),
                value=bytes.fromhex(letter["raw"]),
                on_delivery=lambda failure, _: failures.append(str(failure)) if failure else None,
            )
        waiting = producer.flush(_FLUSH_S)
    except KafkaException as error:
        raise Retryable(f"Kafka did not take the bytes of dead letters: {error}") from error
    if waiting or failures:
        raise Retryable(f"Kafka did not take the bytes of dead letters: {failures[:3] or 'no answer'}")


def _note(client: Client, letters: Sequence[Mapping[str, Any]], *, published: bool) -> None:
    rows = [[letter["id"], letter["origin_topic"], published] for letter in letters]
    client.insert("redrives", rows, column_names=["id", "topic", "published"])
