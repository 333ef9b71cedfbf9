"""Other ways of landing the same mentions: decode and insert, row by row as JSON, and the engine alone."""

import json
import time
from dataclasses import replace
from itertools import islice
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.codec import Codec
from schemas.registry import PinnedIds, load_schema
from sinks.clickhouse.batch import Framer
from sinks.clickhouse.client import pinned
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.inserting import send
from sinks.ranges import Range
from sinks.records import Records
from tests.support.kafka_reading import read_all

_BATCH_ROWS = 50_000


def decode_and_insert(client: Client, bootstrap: str, topic: str, table: str, rows: int) -> float:
    """Seconds from Kafka to the table through fastavro and clickhouse-connect's own column insert, in large batches."""
    codec = Codec(PinnedIds())
    names = [field["name"] for field in load_schema("mention")["fields"]]
    columns = [*names, "kafka_partition", "kafka_offset", "landed_at"]
    began = time.monotonic()
    reader = islice(read_all(bootstrap, topic), rows)
    while batch := list(islice(reader, _BATCH_ROWS)):
        now = time.time_ns() // 1_000_000
        made = []
        for message in batch:
            record = codec.decode(message.value()).record
            made.append([*[record[name] for name in names], message.partition(), message.offset(), now])
        client.insert(table, made, column_names=columns, settings=pinned(client))
    return time.monotonic() - began


def json_each_row(client: Client, bootstrap: str, topic: str, table: str, rows: int) -> float:
    """Seconds from Kafka to the table, each row decoded, written as JSON and sent by itself."""
    codec = Codec(PinnedIds())
    times = _times()
    began = time.monotonic()
    for message in islice(read_all(bootstrap, topic), rows):
        record = codec.decode(message.value()).record
        position = {"kafka_partition": message.partition(), "kafka_offset": message.offset()}
        shown = {**record, **position, "landed_at": time.time_ns() // 1_000_000}
        for name in times:
            # DateTime64(3) from a number of JSON is seconds.
            if shown[name] is not None:
                shown[name] = shown[name] / 1000
        client.command(
            f"INSERT INTO {table} FORMAT JSONEachRow", data=json.dumps(shown), settings=pinned(client)
        )
    return time.monotonic() - began


def ready_made(bootstrap: str, topic: Landed, rows: int) -> Any:
    """One insert with all the rows in one Avro file."""
    records = Records.of(list(islice(read_all(bootstrap, topic.full_name), rows)))
    framer = Framer(PinnedIds())
    # As one range of one partition: the engine does not look at what the offsets say.
    cut = Range(0, rows, records, replay=False)
    (insert,) = framer.frame(topic, 0, cut, framer.sort(topic, cut))
    return replace(insert, file=[b"".join(insert.file)])


def engine_alone(client: Client, insert: Any, table: str) -> float:
    """Seconds the engine takes for the ready-made file over HTTP."""
    began = time.monotonic()
    send(client, insert, table)
    return time.monotonic() - began


def _times() -> list[str]:
    found = [
        field["name"] for field in load_schema("mention")["fields"] if "timestamp-millis" in json.dumps(field)
    ]
    return [*found, "landed_at"]
