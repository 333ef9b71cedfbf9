"""Schemas and rows on the engine itself: what it would corrupt without a word, what its refusals mean, what a table learns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.registry import PinnedIds, Schema, load_schema
from sinks.clickhouse.avro_container import Container, Run, extended
from sinks.clickhouse.client import decisions
from sinks.clickhouse.clients import Clients
from sinks.clickhouse.codes import CODES, RowRefused
from sinks.clickhouse.columns import Column, Written, check_columns
from sinks.clickhouse.groups import Insert, Landed
from sinks.clickhouse.inserting import send
from sinks.clickhouse.landing import Landing
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.types import clickhouse_type
from sinks.dead_letters import DeadLetters
from sinks.ranges import Range
from sinks.records import Chunk, Records
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.direct import Record, land
from tests.support.exactly import sink_settings
from tests.support.kafka_reading import read_all
from tests.support.landing import CODEC, mention
from tests.support.topics import create_topics

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
NESTED = {
    "type": "array",
    "items": {
        "type": "record",
        "name": "Part",
        "fields": [{"name": "a", "type": "string"}, {"name": "n", "type": "long"}],
    },
}
POSITION = "kafka_partition Int32, landed_at DateTime64(3, 'UTC'), kafka_offset Int64"


class Ids:
    """Mentions under several ids: today's, and those of others by what they change."""

    def __init__(self, schemas: Mapping[int, Schema]) -> None:
        self.written_as = PinnedIds().id_of("mention")
        self._schemas = {self.written_as: load_schema("mention"), **schemas}

    def id_of(self, event: str) -> int:
        return self.written_as if event == "mention" else PinnedIds().id_of(event)

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        if schema_id in self._schemas:
            return "mention", self._schemas[schema_id]
        return PinnedIds().schema_of(schema_id)


@pytest.fixture
def client(clickhouse: EmbeddedClickHouse, database: str) -> Iterator[Client]:
    first = clickhouse.client("default")
    first.command(f"CREATE DATABASE IF NOT EXISTS {database}")
    first.close()
    made = clickhouse.client(database)
    yield made
    made.close()


@pytest.fixture
def worker(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str
) -> Iterator[Callable[[Ids], Landing]]:
    """Makes landings as workers have them, on migrated tables."""
    settings = sink_settings(clickhouse, kafka.bootstrap, prefix, database, sink_refused_least=5)
    migrate(settings)
    create_topics(kafka.bootstrap, prefix, ["dead-letters"])
    made = []

    def worker(ids: Ids) -> Landing:
        clients = Clients(settings)
        made.append(clients)
        return Landing(
            clients, ids, DeadLetters(settings, "clickhouse"), settings.tolerance(), lambda _: None
        )

    yield worker
    for clients in made:
        clients.close()


def insert(table: str, schema: Schema, *bodies: bytes) -> Insert:
    fields = extended(schema)["fields"]
    structure = ", ".join(f"`{field['name']}` {clickhouse_type(field['type'])}" for field in fields)
    records = Chunk.of([Record(at, b"\x00\x00\x00\x00\x01" + body) for at, body in enumerate(bodies)])
    condition = (
        f"kafka_partition = 3 AND toUnixTimestamp64Milli(landed_at) = 99 AND kafka_offset < {len(bodies)}"
    )
    names = tuple(field["name"] for field in fields)
    token = f"{table}{bodies!r}"
    file = list(Container(schema).pieces([Run(records, 0, len(records))], 3, 99))
    return Insert(table, 1, names, structure, condition, token, file)


def encoded(schema: Schema, record: Mapping[str, Any]) -> bytes:
    class Single:
        def id_of(self, _: str) -> int:
            return 1

        def schema_of(self, _: int) -> tuple[str, Schema]:
            return "thing", schema

    return Codec(Single()).encode("thing", record)[5:]


@pytest.mark.parametrize(
    ("avro", "column", "value", "becomes"),
    [
        pytest.param(MILLIS, "DateTime", 1_700_000_000_123, "1700000000000", id="milliseconds to seconds"),
        pytest.param("long", "Int32", 2**32 + 5, "5", id="long to int"),
        pytest.param("long", "UInt64", -1, str(2**64 - 1), id="long to unsigned"),
        pytest.param("long", "Float64", 2**53 + 1, str(2**53), id="long to double"),
        pytest.param("double", "Decimal(18, 2)", 0.129, "0.12", id="double to decimal"),
        pytest.param("double", "Int64", 1.9, "1", id="double to long"),
        pytest.param(["null", "long"], "String", None, "", id="null to nothing"),
        pytest.param("long", "Int64 EPHEMERAL", 7, None, id="a column that keeps nothing"),
        pytest.param(
            NESTED,
            "Array(Tuple(a String))",
            [{"a": "x", "n": 7}],
            "[('x')]",
            id="a nested field that is missing",
        ),
    ],
)
def test_what_is_refused_would_have_landed_without_a_word(
    client: Client, avro: Any, column: str, value: Any, becomes: str | None
) -> None:
    client.command(
        f"CREATE TABLE things (figure {column}, id String, {POSITION}) ENGINE = MergeTree ORDER BY id "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    schema = {"type": "record", "name": "Thing", "fields": [{"name": "figure", "type": avro}]}
    send(client, insert("things", schema, encoded(schema, {"figure": value})), "things")
    assert client.command("SELECT count() FROM things") == 1
    if becomes is not None:
        shown = "toString(toUnixTimestamp(figure) * 1000)" if column == "DateTime" else "toString(figure)"
        assert client.query(f"SELECT {shown} FROM things").result_rows == [(becomes,)]
    kind = column.removesuffix(" EPHEMERAL")
    columns = {"figure": Column(kind, "EPHEMERAL" if kind != column else "")}
    with pytest.raises(Fatal, match=r"column things\.figure is"):
        check_columns(Written("things", "Thing", schema, schema), columns)


def test_codes_have_the_names_the_engine_gives_them_and_bad_records_are_told_as_such(client: Client) -> None:
    codes = ", ".join(str(code) for code in CODES)
    named = client.query(f"SELECT code, errorCodeToName(code) FROM (SELECT arrayJoin([{codes}]) AS code)")
    assert {int(code): name for code, name in named.result_rows} == {
        code: known.name for code, known in CODES.items()
    }
    schema: Schema = {
        "type": "record",
        "name": "Thing",
        "fields": [
            {"name": "a", "type": "string"},
            {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["x", "y"]}},
            {"name": "b", "type": "boolean"},
        ],
    }
    client.command(
        f"CREATE TABLE things (a String, e LowCardinality(String), b Bool, {POSITION}) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    whole = encoded(schema, {"a": "hello", "e": "x", "b": True})
    broken = [
        whole[:-1],
        whole[:3],
        b"",
        whole + b"\x00",
        whole + b"\x02\x02\x02",
        whole[:-2] + b"\x10\x01",
        whole[:-1] + b"\x07",
        b"\x01" + whole,
        b"\xfe\xff\xff\xff\xff\xff\x7f" + whole,
        b"\xff" * 12,
    ]
    for body in broken:
        with pytest.raises(RowRefused), decisions():
            send(client, insert("things", schema, whole, body, whole), "things")
    assert client.command("SELECT count() FROM things") == 0, "refused as a whole"
    send(client, insert("things", schema, whole, whole), "things")
    assert client.command("SELECT count() FROM things") == 2


def changed(name: str, *added: Mapping[str, Any], without: str = "") -> Schema:
    present = load_schema("mention")
    fields = [field for field in present["fields"] if field["name"] != without]
    return {**present, "name": name, "fields": [*fields, *added]}


def payload(ids: Ids, schema_id: int, number: int, **more: Any) -> bytes:
    ids.written_as = schema_id
    return Codec(ids).encode("mention", {**mention(number), **more})


def ranged(start: int, end: int, records: Sequence[Record]) -> Range:
    return Range(start, end, Records.of(records), replay=False)


def landed(prefix: str) -> Landed:
    return Landed("mentions", f"{prefix}mentions", "topic-id", "mention", "mentions")


def test_a_new_schema_gets_its_columns_from_several_workers_at_once_and_older_ones_land_beside(
    client: Client, worker: Callable[[Ids], Landing], prefix: str
) -> None:
    more: list[dict[str, Any]] = [
        {"name": "tone", "type": "string", "default": "it's"},
        {"name": "heat", "type": ["null", "double"], "default": None},
    ]
    ids = Ids({41: changed("Mention", *more), 42: changed("Mention", {"name": "must", "type": "long"})})
    old = ids.written_as
    ranges = [
        ranged(0, 2, [Record(at, payload(ids, old, at)) for at in (0, 1)]),
        ranged(2, 4, [Record(at, payload(ids, 41, at, tone="loud", heat=0.5)) for at in (2, 3)]),
    ]
    first = worker(ids)
    assert first.land(landed(prefix), 0, ranges[0], lambda: None) == ()
    others = [worker(ids) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        done = [
            threads.submit(other.land, landed(prefix), partition, ranges[1], lambda: None)
            for partition, other in enumerate(others)
        ]
        assert [future.result(60) for future in done] == [()] * 4
    assert first.land(landed(prefix), 9, ranges[0], lambda: None) == ()
    found = client.query("SELECT tone, heat, count() FROM mentions GROUP BY 1, 2 ORDER BY 1").result_rows
    assert found == [("it's", None, 4), ("loud", 0.5, 8)]
    bad = ranged(4, 5, [Record(4, payload(ids, 42, 4, must=1))])
    with pytest.raises(
        Fatal, match=r"Mention \(schema id 42\) does not fit table mentions: field 'must' is new"
    ):
        first.land(landed(prefix), 0, bad, lambda: None)
    assert client.command("SELECT count() FROM mentions") == 12
    assert (
        client.command(
            "SELECT count() FROM system.columns WHERE database = currentDatabase() AND name = 'must'"
        )
        == 0
    )


def test_only_the_refused_schema_is_split_and_a_replay_of_any_part_adds_nothing(
    client: Client, worker: Callable[[Ids], Landing], prefix: str, kafka: Broker
) -> None:
    ids = Ids({41: changed("Mention")})
    today = ids.written_as
    client.command("ALTER TABLE mentions ADD CONSTRAINT few CHECK author_followers < 100")
    records = [Record(at, payload(ids, (today, 41)[at % 2], at)) for at in range(16)]
    records[5] = Record(5, payload(ids, 41, 500))
    records[8] = Record(8, b"nothing")
    whole = ranged(0, 20, records)
    at_work = worker(ids)
    parts = at_work.land(landed(prefix), 0, whole, lambda: None)
    assert parts == at_work.land(landed(prefix), 0, replace(whole, replay=True), lambda: None), (
        "as after a kill"
    )
    assert {part.schemas for part in parts} == {(41,)}
    todo = list(parts)
    while todo:
        owed = todo.pop(0)
        inside = [record for record in records if owed.start <= record.at < owed.end]
        part = replace(ranged(owed.start, owed.end, inside), schemas=owed.schemas)
        left = at_work.land(landed(prefix), 0, part, lambda: None)
        assert left == at_work.land(landed(prefix), 0, replace(part, replay=True), lambda: None)
        assert all(owed.start <= one.start < one.end <= owed.end for one in left)
        todo[:0] = left
    found = client.query("SELECT kafka_offset FROM mentions ORDER BY kafka_offset").result_rows
    assert [row[0] for row in found] == [at for at in range(16) if at not in (5, 8)]
    assert client.command("SELECT sum(mentions) FROM sentiment_metrics WHERE keyword = ''") == 14
    letters = [
        CODEC.decode(message.value()).record for message in read_all(kafka.bootstrap, f"{prefix}dead-letters")
    ]
    assert {(letter["origin_offset"], letter["reason"]) for letter in letters} == {
        (5, "rejected"),
        (8, "undecodable"),
    }
    assert "few" in next(letter["detail"] for letter in letters if letter["origin_offset"] == 5)


def test_too_many_refusals_stop_the_sink_and_become_no_dead_letters(
    client: Client, worker: Callable[[Ids], Landing], prefix: str, kafka: Broker
) -> None:
    ids = Ids({})
    at_work = worker(ids)
    records = [Record(at, payload(ids, ids.written_as, at)) for at in range(36)]
    few = ranged(0, 39, [*records, *(Record(at, b"nothing") for at in (36, 37, 38))])
    assert at_work.land(landed(prefix), 0, few, lambda: None) == ()
    with pytest.raises(
        Fatal, match=r"mentions: 5 of the 41 records of the last 600 s cannot land \(12%, more than 10%\)"
    ):
        at_work.land(
            landed(prefix),
            0,
            ranged(39, 41, [Record(39, b"no"), Record(40, b"no")]),
            lambda: None,
        )
    letters = [
        CODEC.decode(message.value()).record for message in read_all(kafka.bootstrap, f"{prefix}dead-letters")
    ]
    assert len(letters) == 3
    assert client.command("SELECT count() FROM mentions") == 36
    # After a restart the same is as much too much: what became of earlier ones is in the tables, once however often it is there.
    for first in (0, 3):
        land(client, "dead-letters", letters, first=first)
    again = worker(ids)
    bad = replace(ranged(39, 41, [Record(39, b"no"), Record(40, b"no")]), replay=True)
    with pytest.raises(Fatal, match=r"mentions: 5 of the 41 records"):
        again.land(landed(prefix), 0, bad, lambda: None)
    # A range that is replayed is not counted with what the one before left of it.
    assert again.land(landed(prefix), 0, replace(few, replay=True), lambda: None) == ()
