"""Whether what landed is exactly what was published: rows by position, every column, and the sums of every view."""

import http.client
from collections.abc import Iterator
from typing import Any

from schemas.registry import PinnedIds
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.assignment import landed_topics
from sinks.clickhouse.batch import Framer
from sinks.clickhouse.clients import Clients
from sinks.clickhouse.inserting import send
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.targets import TARGETS
from sinks.ranges import Range
from sinks.records import Records
from sinks.settings import ClickHouseSinkSettings
from tests.support.clickhouse import WRITER, EmbeddedClickHouse
from tests.support.kafka_reading import read_all
from tests.support.landing import mention

_SUMS = "SELECT keyword, sentiment, sum(mentions), sum(engagement) FROM sentiment_metrics GROUP BY 1, 2 ORDER BY 1, 2"
_AUTHORS = "SELECT author, sum(mentions), sum(engagement), argMaxMerge(followers) FROM author_days GROUP BY 1 ORDER BY 1"
_PLAIN = ("min", "max")


def sink_settings(
    engine: EmbeddedClickHouse, bootstrap: str, prefix: str, database: str, **more: object
) -> ClickHouseSinkSettings:
    """Those of a sink that lands what has this prefix in this database."""
    return ClickHouseSinkSettings.model_validate(
        {
            "kafka": bootstrap,
            "topic_prefix": prefix,
            "clickhouse_url": engine.url,
            "clickhouse_database": database,
            "clickhouse_user": WRITER[0],
            "clickhouse_password": WRITER[1],
            **more,
        }
    )


def count(engine: EmbeddedClickHouse, database: str) -> int:
    """Rows of mentions; 0 where nobody can tell."""
    return _polled(engine, database, "SELECT count() FROM mentions")


def counted(engine: EmbeddedClickHouse, database: str) -> int:
    """Mentions that have reached the table and, which come after it, the targets of its views."""
    return _polled(
        engine,
        database,
        "SELECT least((SELECT count() FROM mentions), (SELECT sum(mentions) FROM sentiment_metrics WHERE keyword = ''), "
        "(SELECT sum(mentions) FROM hashtags), (SELECT sum(mentions) FROM author_days))",
    )


def _polled(engine: EmbeddedClickHouse, database: str, sql: str) -> int:
    """A number, 0 where the engine is killed or has no such table yet; plain HTTP, for a client asks three things first."""
    connection = http.client.HTTPConnection("127.0.0.1", engine.port, timeout=30)
    headers = {"X-ClickHouse-User": WRITER[0], "X-ClickHouse-Key": WRITER[1]}
    try:
        connection.request("POST", f"/?database={database}", body=sql, headers=headers)
        answer = connection.getresponse()
        found = answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()
    return int(found) if answer.status == 200 else 0


def assert_exact(engine: EmbeddedClickHouse, database: str, rows: int) -> None:
    """The mentions numbered from 0 to `rows` are there once each, and counted so."""
    found = engine.rows(
        "SELECT count(), uniqExact((kafka_partition, kafka_offset)), uniqExact(id) FROM mentions", database
    )
    assert found == [(rows, rows, rows)]
    expected: dict[tuple[str, str], list[int]] = {}
    authors: dict[str, list[int]] = {}
    for number in range(rows):
        made = mention(number)
        engagement = made["likes"] + made["comments"]
        for keyword in ("", *made["keywords"]):
            sums = expected.setdefault((keyword, made["sentiment"]), [0, 0])
            sums[0] += 1
            sums[1] += engagement
        known = authors.setdefault(made["author_id"], [0, 0, 0])
        known[0] += 1
        known[1] += engagement
        known[2] = made["author_followers"]
    assert engine.rows(_SUMS, database) == [(*key, *expected[key]) for key in sorted(expected)]
    assert engine.rows(_AUTHORS, database) == [(author, *authors[author]) for author in sorted(authors)]
    assert engine.rows("SELECT hashtag, sum(mentions) FROM hashtags GROUP BY 1", database) == [("ihsg", rows)]


def fingerprint(engine: EmbeddedClickHouse, database: str, table: str = "mentions") -> tuple[int, int]:
    """How many rows, and a hash of them over every column but landed_at that does not look at their order."""
    row = engine.rows(
        f"SELECT count(), sum(cityHash64(formatRow('TabSeparated', * EXCEPT (landed_at)))) FROM {table}",
        database,
    )[0]
    return int(row[0]), int(row[1])


def differing_keys(engine: EmbeddedClickHouse, database: str) -> dict[str, int]:
    """Of every materialised view's target: of how many keys the values are not those of the view's query over its source."""
    views = dict(
        engine.rows(
            "SELECT name, as_select FROM system.tables "
            "WHERE database = currentDatabase() AND engine = 'MaterializedView'",
            database,
        )
    )
    assert {target.view for target in TARGETS} == set(views)
    found = {}
    for target in TARGETS:
        keys = ", ".join((*target.keys, "kafka_partition"))
        sums = [f"sum(toInt64(d.{name}))" for name in target.sums]
        states = [
            f"{function}{'' if function in _PLAIN else 'Merge'}(d.{name})"
            for name, function in target.states.items()
        ]
        values = ", ".join([*sums, *states])
        one, other = (
            f"SELECT {keys}, {values} FROM ({source}) AS d GROUP BY {keys}"
            for source in (views[target.view], f"SELECT * FROM {target.table}")
        )
        query = f"SELECT count() FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
        found[target.table] = int(engine.value(query, database))
    return found


def land_calmly(settings: ClickHouseSinkSettings) -> None:
    """What a run that nothing disturbs leaves of the mentions: each partition in one insert, in a database of its own."""
    migrate(settings)
    topic = landed_topics(settings)[TOPICS["mentions"].full_name(settings.topic_prefix)]
    framer, clients = Framer(PinnedIds()), Clients(settings)
    with clients.one() as client:
        for partition, cut in _ranges(settings.kafka, topic.full_name):
            for insert in framer.frame(topic, partition, cut, framer.sort(topic, cut)):
                send(client, insert, LANDED["mentions"])
    clients.close()


def _ranges(bootstrap: str, topic: str) -> Iterator[tuple[int, Range]]:
    """All that is committed, one range per partition."""
    records: dict[int, list[Any]] = {}
    for record in read_all(bootstrap, topic):
        records.setdefault(record.partition(), []).append(record)
    for partition, found in records.items():
        yield partition, Range(0, found[-1].offset() + 1, Records.of(found), replay=False)
