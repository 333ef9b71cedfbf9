"""Schemas against columns: each silent corruption is refused by name, what is new and additive becomes a column."""

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.errors import Fatal
from schemas.registry import load_schema
from sinks.clickhouse.columns import Column, Written, additions, check_columns
from sinks.clickhouse.defaults import default_expression

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
NESTED = {
    "type": "array",
    "items": {
        "type": "record",
        "name": "Part",
        "fields": [
            {"name": "source", "type": "string"},
            {"name": "at", "type": MILLIS},
            {"name": "n", "type": "long"},
        ],
    },
}
AT = "DateTime64(3, 'UTC')"


def written(
    *fields: Mapping[str, Any], present: Mapping[str, Any] | None = None, exact: bool = False
) -> Written:
    schema = {"name": "Thing", "fields": list(fields)}
    return Written("things", "Thing (schema id 7)", schema, present or schema, exact)


def figure(avro: Any, **more: Any) -> dict[str, Any]:
    return {"name": "figure", "type": avro, **more}


@pytest.mark.parametrize(
    ("avro", "column"),
    [
        (MILLIS, "DateTime64(6, 'UTC')"),
        (MILLIS, "DateTime64(3)"),
        (MILLIS, "DateTime64(3, 'Asia/Jakarta')"),
        (MILLIS, "DateTime"),
        (MILLIS, "Date"),
        (MILLIS, "Int64"),
        ("long", AT),
        ("long", "Int32"),
        ("long", "UInt64"),
        ("long", "Float64"),
        ("long", "String"),
        ("int", "Int16"),
        ("double", "Decimal(18, 4)"),
        ("double", "Float32"),
        ("double", "Int64"),
        ("string", "FixedString(16)"),
        ("string", "Enum8('a' = 1)"),
        ("boolean", "UInt8"),
        (["null", "long"], "Int64"),
        (["null", "string"], "LowCardinality(String)"),
        ({"type": "map", "values": "double"}, "Map(String, Float32)"),
        ({"type": "array", "items": "long"}, "Array(Int32)"),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
def test_silent_corruptions_are_refused(avro: Any, column: str, exact: bool) -> None:
    with pytest.raises(Fatal, match=r"column things\.figure is .* Thing \(schema id 7\)\.figure needs"):
        check_columns(written(figure(avro), exact=exact), {"figure": Column(column)})


@pytest.mark.parametrize(
    ("avro", "column"),
    [
        ("int", "Int64"),
        ("int", "Float64"),
        ("float", "Float64"),
        ("long", "Nullable(Int64)"),
        (["null", "int"], "Nullable(Int64)"),
    ],
)
def test_a_column_may_be_wider_than_an_earlier_schema_but_not_than_todays(avro: Any, column: str) -> None:
    check_columns(written(figure(avro)), {"figure": Column(column)})
    with pytest.raises(Fatal, match=r"things\.figure"):
        check_columns(written(figure(avro), exact=True), {"figure": Column(column)})


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (f"Array(Tuple(source String, at {AT}))", "nested field n is missing in the column"),
        (
            f"Array(Tuple(source String, at {AT}, n Int64, more Int64))",
            "nested field more is only in the column",
        ),
        (
            "Array(Tuple(source String, at DateTime64(6, 'UTC'), n Int64))",
            r"nested field at is DateTime64\(6, 'UTC'\)",
        ),
        (f"Array(Tuple(at {AT}, source String, n Int64))", "is Array"),
        (f"Array(Tuple(String, {AT}, Int64))", "is Array"),
    ],
)
def test_nested_fields_are_named(column: str, told: str) -> None:
    fits = f"Array(Tuple(source LowCardinality(String), at {AT}, n Int64))"
    check_columns(written(figure(NESTED), exact=True), {"figure": Column(fits)})
    with pytest.raises(Fatal, match=told):
        check_columns(written(figure(NESTED)), {"figure": Column(column)})


@pytest.mark.parametrize("kind", ["EPHEMERAL", "ALIAS", "MATERIALIZED"])
def test_a_column_that_keeps_nothing_is_refused(kind: str) -> None:
    with pytest.raises(Fatal, match=f"things.figure is {kind}"):
        check_columns(written(figure("long")), {"figure": Column("Int64", kind)})


def test_a_missing_table_and_a_missing_column_are_named() -> None:
    with pytest.raises(Fatal, match="'figure'"):
        check_columns(written(figure("long")), {"other": Column("Int64")})
    for judge in (check_columns, additions):
        with pytest.raises(Fatal, match="migrate"):
            judge(written(figure("long")), {})
    check_columns(written(figure("long")), {"figure": Column("Int64"), "more": Column("String")})


@pytest.mark.parametrize(
    ("avro", "more", "column"),
    [
        ("long", {"default": 5}, "Int64 DEFAULT CAST(toInt64(5), 'Int64')"),
        ("string", {"default": "it's"}, r"String DEFAULT CAST('it\'s', 'String')"),
        (["null", "long"], {"default": None}, "Nullable(Int64) DEFAULT CAST(NULL, 'Nullable(Int64)')"),
        (["null", "long"], {}, "Nullable(Int64)"),
        (["long", "null"], {"default": 5}, "Nullable(Int64) DEFAULT CAST(toInt64(5), 'Nullable(Int64)')"),
        (
            {"type": "enum", "name": "E", "symbols": ["a"]},
            {"default": "a"},
            "LowCardinality(String) DEFAULT CAST('a', 'LowCardinality(String)')",
        ),
    ],
)
def test_a_new_field_becomes_a_column_with_its_default(avro: Any, more: dict[str, Any], column: str) -> None:
    found = additions(
        written(figure("long"), {"name": "added", "type": avro, **more}), {"figure": Column("Int64")}
    )
    assert found == [f"ALTER TABLE things ADD COLUMN IF NOT EXISTS `added` {column}"]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ({"name": "added", "type": "long"}, "field 'added' is new and has neither a default nor null"),
        (
            {"name": "added", "type": {"type": "fixed", "name": "F", "size": 4}, "default": "abcd"},
            "field 'added' cannot land",
        ),
        ({"name": "added", "type": ["null", "long", "string"], "default": None}, "field 'added' cannot land"),
        ({"name": "added", "type": "long", "default": "five"}, "'five' is no default"),
        (
            {"name": "kafka_offset", "type": "long", "default": 0},
            "field 'kafka_offset' has a name that landing keeps",
        ),
        ({"name": "a` b", "type": "long", "default": 0}, "has a name"),
    ],
)
def test_what_is_not_additive_is_refused_by_schema_field_and_table(
    field: Mapping[str, Any], told: str
) -> None:
    with pytest.raises(Fatal, match=told) as refusal:
        additions(written(figure("long"), field), {"figure": Column("Int64")})
    if "default" not in told:
        assert "Thing (schema id 7) does not fit table things" in str(refusal.value)


def test_a_schema_without_a_field_leaves_it_to_the_default_that_readers_assume() -> None:
    present = {"name": "Thing", "fields": [figure("long"), {"name": "gone", "type": "long", "default": 3}]}
    older = written(figure("long"), present=present)
    both = {"figure": Column("Int64"), "gone": Column("Int64")}
    assert additions(older, both) == [
        "ALTER TABLE things MODIFY COLUMN `gone` DEFAULT CAST(toInt64(3), 'Int64')"
    ]
    assert additions(older, {**both, "gone": Column("Int64", "DEFAULT")}) == []
    assert additions(older, {"figure": Column("Int64")}) == [], "a table that knows neither"
    present["fields"] = [figure("long"), {"name": "gone", "type": ["null", "long"], "default": None}]
    assert additions(older, {**both, "gone": Column("Nullable(Int64)")}) == []
    with pytest.raises(Fatal, match="null by default"):
        additions(older, both)
    present["fields"] = [figure("long"), {"name": "gone", "type": "long"}]
    with pytest.raises(Fatal, match="field 'gone' is missing and has no default: not an additive change"):
        additions(older, both)


def test_every_default_of_our_events_can_be_written() -> None:
    for event in ("post", "mention", "rule", "alert", "trend", "dead_letter"):
        for field in load_schema(event)["fields"]:
            if "default" in field:
                assert default_expression(field["type"], field["default"]).startswith("CAST(")
