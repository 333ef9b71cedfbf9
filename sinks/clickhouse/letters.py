"""Dead letters as they landed: list them, show one, publish its bytes again where they came from."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException, Producer

from schemas.clients import producer_config
from schemas.errors import Fatal, Retryable
from sinks.clickhouse.client import connect, decisions
from sinks.settings import ClickHouseSinkSettings

_TIMEOUT_S = 60
_FLUSH_S = 30
_COLUMNS = "id, origin, stage, reason, detail, raw_size, failed_at"


def newest(settings: ClickHouseSinkSettings, limit: int, reason: str | None) -> list[Mapping[str, Any]]:
    """The newest dead letters first, each id once."""
    where = "WHERE reason = {reason:String} " if reason else ""
    return _query(
        settings,
        f"SELECT {_COLUMNS} FROM dead_letters {where}"  # noqa: S608 -- columns of this file
        "ORDER BY failed_at DESC LIMIT 1 BY id LIMIT {limit:UInt32}",
        {"limit": limit, "reason": reason or ""},
    )


def show(settings: ClickHouseSinkSettings, letter: str) -> Mapping[str, Any]:
    """All of one dead letter, key and raw bytes in hex; raises Fatal if there is none of that id."""
    rows = _query(
        settings,
        f"SELECT {_COLUMNS}, origin_topic, origin_partition, origin_offset, schema_id, hex(key) AS key, hex(raw) AS raw "  # noqa: S608 -- columns of this file
        "FROM dead_letters WHERE id = {id:String} ORDER BY failed_at LIMIT 1",
        {"id": letter},
    )
    if not rows:
        raise Fatal(f"no dead letter with the id {letter!r}")
    return rows[0]


def redrive(settings: ClickHouseSinkSettings, letter: str) -> str:
    """Publish the raw bytes of a dead letter to the topic they came from; that topic's name.

    Raises Fatal where it came from no topic or was cut, Retryable where Kafka does not take it.
    """
    found = show(settings, letter)
    topic = found["origin_topic"]
    if topic is None:
        raise Fatal(f"{found['origin']} is no topic: nothing to publish to")
    raw = bytes.fromhex(found["raw"])
    if len(raw) != found["raw_size"]:
        raise Fatal(f"only {len(raw)} of {found['raw_size']} bytes were kept: it cannot be published again")
    key = None if found["key"] is None else bytes.fromhex(found["key"])
    producer = Producer(producer_config(settings, "redrive"))
    failures: list[str] = []
    try:
        producer.produce(
            topic,
            key=key,
            value=raw,
            on_delivery=lambda failure, _: failures.append(str(failure)) if failure else None,
        )
        waiting = producer.flush(_FLUSH_S)
    except KafkaException as error:
        raise Retryable(f"{topic} did not take it: {error}") from error
    if waiting or failures:
        raise Retryable(f"{topic} did not take it: {failures or 'no answer'}")
    return str(topic)


def _query(settings: ClickHouseSinkSettings, sql: str, parameters: dict[str, Any]) -> list[Mapping[str, Any]]:
    client = connect(settings, _TIMEOUT_S)
    try:
        with decisions():
            return list(client.query(sql, parameters=parameters).named_results())
    finally:
        client.close()
