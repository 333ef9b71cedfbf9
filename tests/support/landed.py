"""The part of the stack that the page stands on, real: Kafka topics, the ClickHouse sink and its engine, the api."""

import itertools
import os
import signal
from pathlib import Path
from typing import Any, Self

from clickhouse_connect.driver.client import Client
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.topics import TOPICS
from sinks.clickhouse.migrate import migrations
from tests.support import rooms
from tests.support.api import Api
from tests.support.clickhouse import OWNERS, READER, EmbeddedClickHouse
from tests.support.mentions import Publisher, mention
from tests.support.topics import create_topics
from tests.support.until import until


class Landed:
    """A context manager: what is published within lands in ClickHouse and is streamed by the api."""

    def __init__(
        self, bootstrap: str, prefix: str, clickhouse: EmbeddedClickHouse, folder: Path, **settings: object
    ) -> None:
        """`settings` are further ones of the api."""
        database = f"d{prefix.rstrip('.')}"
        create_topics(bootstrap, prefix)
        self.bootstrap = bootstrap
        self._clickhouse = clickhouse
        self._numbers = itertools.count(1)
        self.database = database
        self._client: Client | None = None
        self.prefix = prefix
        self.publisher = Publisher(bootstrap, prefix)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")},
            **clickhouse.environment(database),
            "DENYUT_KAFKA": bootstrap,
            "DENYUT_TOPIC_PREFIX": prefix,
            "DENYUT_SINK_LINGER_MS": "100",
            "DENYUT_DATA_DIR": str(folder / "sink"),
        }
        with (folder / "sink.log").open("ab") as log:
            self._sink = rooms.start(["sinks", "clickhouse"], environment, log.fileno(), log.fileno())
        self.api = Api(
            bootstrap,
            prefix,
            folder / "api.log",
            clickhouse_url=clickhouse.url,
            clickhouse_database=database,
            clickhouse_reader_user=READER[0],
            clickhouse_reader_password=READER[1],
            clickhouse_owners_user=OWNERS[0],
            clickhouse_owners_password=OWNERS[1],
            **{"stream_heartbeat_s": 1, "stream_retry_ms": 200, **settings},
        )

    def __enter__(self) -> Self:
        try:
            self.api.start()
            until(lambda: self.api.get("/api/v1/dashboard/stats").is_success, "the first tables are there")
            statements = sum(len(found) for _, _, found in migrations())
            until(lambda: self.rows("migrations") >= statements, "all tables are there")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._client is not None:
            self._client.close()
        self._sink.terminate()
        self.api.stop()
        self._sink.wait(60)
        self._clickhouse.drop(self.database)

    def rows(self, table: str = "mentions") -> int:
        """Rows landed."""
        return self._counted(f"SELECT count() FROM {table}")

    def origins(self, partition: int) -> int:
        """Mentions landed that were posts of a partition."""
        return self._counted(f"SELECT count() FROM mentions WHERE origin_partition = {partition}")

    def _counted(self, sql: str) -> int:
        # One client for all: to make one costs many times what a query does.
        if self._client is None:
            self._client = self._clickhouse.client(self.database)
        return int(self._client.query(sql).result_rows[0][0])

    def pause_sink(self) -> None:
        """Let the sink stand still."""
        self._sink.send_signal(signal.SIGSTOP)

    def resume_sink(self) -> None:
        """Let it go on."""
        self._sink.send_signal(signal.SIGCONT)

    def number(self) -> int:
        """One that no mention of this stack has yet."""
        return next(self._numbers)

    def say(self, count: int, *, lands: bool = True, **changes: Any) -> list[str]:
        """Publish so many mentions; returns their ids once they have landed."""
        before = self.rows()
        records = [mention(self.number(), **changes) for _ in range(count)]
        self.publisher.publish(*records)
        if lands:
            until(lambda: self.rows() >= before + count, "what was published has landed")
        return [record["id"] for record in records]

    def archived(self, **query: object) -> int:
        """How many mentions the api counts in the archive."""
        found: int = self.api.get("/api/v1/dashboard/stats", **query).json()["mentions"]
        return found

    def forget(self) -> None:
        """Let retention take every mention from the topic."""
        name = TOPICS["mentions"].full_name(self.prefix)
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        partitions = admin.list_topics(name, timeout=60).topics[name].partitions
        deleted = admin.delete_records([TopicPartition(name, number, -1) for number in partitions])
        for future in deleted.values():
            future.result(30)
