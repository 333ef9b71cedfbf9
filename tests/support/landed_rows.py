"""Rows where the sink would put them, for tests of what is read from them."""

import json
import time
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.registry import load_schema
from schemas.topics import TOPICS
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = int(time.time() * 1000) // DAY * DAY - 10 * DAY + 5 * HOUR + 20 * 60_000
"""12:20 in Jakarta, ten days ago: far enough from now to be told apart, within every table's time to live."""


class Landing:
    """Puts rows where the sink would, and commits what has landed as the sink does."""

    def __init__(self, kafka: Broker, prefix: str, clickhouse: EmbeddedClickHouse, database: str) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._clickhouse = clickhouse
        self._database = database

    def land(self, table: str, event: str, *rows: dict[str, Any]) -> None:
        """Insert rows that already carry kafka_partition and kafka_offset."""
        times = {one["name"] for one in load_schema(event)["fields"] if "timestamp-millis" in json.dumps(one)}
        lines = []
        for row in rows:
            shown = {
                name: _time(value) if name in times and value is not None else value
                for name, value in row.items()
            }
            lines.append(json.dumps({**shown, "landed_at": _time(NOW)}))
        client = self._clickhouse.client(self._database)
        client.command(f"INSERT INTO {table} FORMAT JSONEachRow", data="\n".join(lines))
        client.close()

    def commit(self, *offsets: int) -> None:
        """What the sink's group has committed of mentions."""
        consumer = Consumer(
            {"bootstrap.servers": self._kafka.bootstrap, "group.id": self._prefix + "clickhouse"}
        )
        topic = TOPICS["mentions"].full_name(self._prefix)
        consumer.commit(
            offsets=[TopicPartition(topic, p, offset) for p, offset in enumerate(offsets)], asynchronous=False
        )
        consumer.close()


def _time(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
