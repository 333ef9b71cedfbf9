"""The migrations in their form for a cluster: each statement read by the engine's own parser, and what it then says."""

import re
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from deploy.clickhouse.engine import quoted
from schemas.errors import Fatal
from sinks.clickhouse.cluster import OVER_ALL, Placed, databases, placed, plain_engine
from sinks.clickhouse.migrate import migrations
from sinks.settings import ClickHouseSinkSettings
from tests.support.clickhouse import EmbeddedClickHouse

RETENTION = [
    f"ALTER TABLE {table} MODIFY TTL toDate({column}) + toIntervalDay({days})"
    for table, (column, days) in ClickHouseSinkSettings.model_validate({"clickhouse_password": "w"})
    .retention()
    .items()
]
OWN = [one for _, _, found in migrations() for one in found]
LATER = [
    "ALTER TABLE mentions ADD COLUMN IF NOT EXISTS seen DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)) AFTER id",
    "ALTER TABLE mentions MODIFY COLUMN likes Nullable(Int64) CODEC(ZSTD(1))",
    "ALTER TABLE mentions ADD INDEX words text TYPE text(tokenizer = splitByNonAlpha)",
    "ALTER TABLE mentions MODIFY SETTING non_replicated_deduplication_window = 20000",
]


@pytest.fixture
def client(clickhouse: EmbeddedClickHouse) -> Iterator[Client]:
    made = clickhouse.client("system")
    yield made
    made.close()


def parsed(client: Client, statements: list[str]) -> list[str]:
    """Their normal forms by the engine's parser; raises where it does not take one."""
    asked = ", ".join(f"formatQuerySingleLine({quoted(one)})" for one in statements)
    found = client.query(f"SELECT [{asked}]").result_rows[0][0]
    return [str(one) for one in found]


def test_every_statement_is_taken_by_the_engines_parser(client: Client) -> None:
    parts = [part for one in OWN + RETENTION + LATER for part in placed(one, "denyut", "many")]
    normal = parsed(client, [part.statement for part in parts] + list(databases("denyut", "many")))
    assert all(" ON CLUSTER many " in one + " " for one in normal)
    assert not any("non_replicated_deduplication_window" in one for one in normal)
    assert {part.database for part in parts} == {"denyut", "denyut" + OVER_ALL}


def test_a_parser_that_refuses_would_be_noticed(client: Client) -> None:
    with pytest.raises(Exception, match=r"SYNTAX_ERROR|Syntax error"):
        parsed(client, ["CREATE TABLE a ON CLUSTER (b Int8) ENGINE = MergeTree"])


def test_tables_are_replicated_and_seen_over_all_shards(client: Client) -> None:
    tables = 0
    for statement in OWN:
        parts = placed(statement, "denyut", "many")
        if statement.startswith("CREATE TABLE"):
            tables += 1
            here, over = parts
            engine = re.search(r"ENGINE = (\w*MergeTree)", statement)
            assert engine
            (normal,) = parsed(client, [here.statement])
            assert (
                f"ENGINE = Replicated{engine.group(1)}('/clickhouse/tables/{{uuid}}/{{shard}}', '{{replica}}'"
                in normal
            )
            (plain,) = parsed(client, [statement])
            if "deduplication_window" in plain:
                assert "SETTINGS replicated_deduplication_window = 10000" in normal
            name = statement.split()[2]
            assert over.database == "denyut" + OVER_ALL
            assert (
                f"{name} ON CLUSTER 'many' AS denyut.{name} ENGINE = Distributed('many', 'denyut', '{name}')"
                in over.statement
            )
            # Apart from cluster, engine and window nothing is different.
            back = normal.replace("IF NOT EXISTS ", "").replace("ON CLUSTER many ", "")
            back = back.replace("Replicated", "", 1).replace(
                "'/clickhouse/tables/{uuid}/{shard}', '{replica}', ", ""
            )
            back = back.replace("('/clickhouse/tables/{uuid}/{shard}', '{replica}')", "")
            assert back == plain.replace(
                "non_replicated_deduplication_window", "replicated_deduplication_window"
            )
        elif statement.startswith("CREATE MATERIALIZED"):
            assert [part.database for part in parts] == ["denyut"]
        else:
            assert [part.database for part in parts] == ["denyut", "denyut" + OVER_ALL]
    assert tables >= 12


def test_a_change_of_a_column_reaches_what_reads_it_and_a_ttl_does_not() -> None:
    added, changed, index, window = (placed(one, "denyut", "many") for one in LATER)
    assert added[1] == Placed(
        "denyut_all",
        "ALTER TABLE mentions ON CLUSTER 'many' ADD COLUMN IF NOT EXISTS seen DateTime64(3, 'UTC') AFTER id",
    )
    assert (
        changed[1].statement == "ALTER TABLE mentions ON CLUSTER 'many' MODIFY COLUMN likes Nullable(Int64)"
    )
    assert (len(index), len(window)) == (1, 1)
    assert "MODIFY SETTING replicated_deduplication_window" in window[0].statement
    assert [len(placed(one, "denyut", "many")) for one in RETENTION] == [1] * len(RETENTION)


def test_a_view_that_is_replaced_is_replaced_over_all_shards_too_and_may_be_once_more() -> None:
    statement = "CREATE OR REPLACE VIEW latest AS SELECT 1"
    assert placed(statement, "denyut", None) == (Placed("denyut", statement),)
    replaced = "CREATE OR REPLACE VIEW latest ON CLUSTER 'many' AS SELECT 1"
    assert placed(statement, "denyut", "many") == (
        Placed("denyut", replaced),
        Placed("denyut_all", replaced),
    )


@pytest.mark.parametrize(
    ("statement", "cluster"),
    [
        ("DROP TABLE mentions", "many"),
        ("CREATE TABLE a (b Int8) ENGINE = Memory", "many"),
        ("ALTER TABLE a ADD COLUMN b Int8, ADD COLUMN c Int8", "many"),
        ("CREATE VIEW a AS SELECT 1", "it's"),
    ],
)
def test_what_has_no_known_form_is_refused(statement: str, cluster: str) -> None:
    with pytest.raises(Fatal):
        placed(statement, "denyut", cluster)


def test_without_a_cluster_only_repeating_is_made_harmless(client: Client) -> None:
    for statement in OWN + RETENTION:
        (part,) = placed(statement, "denyut", None)
        assert part.database == "denyut"
        assert parsed(client, [part.statement.replace("IF NOT EXISTS ", "")]) == parsed(client, [statement])
    assert databases("denyut", None) == ("CREATE DATABASE IF NOT EXISTS denyut",)


def test_rows_are_restored_through_a_table_of_the_node_alone() -> None:
    path = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'"
    assert plain_engine(f"ReplicatedMergeTree({path}) ORDER BY a") == "MergeTree() ORDER BY a"
    assert (
        plain_engine(f"ReplicatedSummingMergeTree({path}, (a, b)) ORDER BY c")
        == "SummingMergeTree((a, b)) ORDER BY c"
    )
    assert plain_engine("MergeTree ORDER BY a") == "MergeTree ORDER BY a"
