"""Each Avro field has one column type that loses nothing; everything else is refused by name."""

from typing import Any

import pytest

from schemas.errors import Fatal
from sinks.clickhouse.types import clickhouse_type, without_low_cardinality

MILLIS = {"type": "long", "logicalType": "timestamp-millis"}


@pytest.mark.parametrize(
    ("avro", "wanted"),
    [
        ("long", "Int64"),
        (["null", MILLIS], "Nullable(DateTime64(3, 'UTC'))"),
        ({"type": "map", "values": "float"}, "Map(String, Float32)"),
        ({"type": "enum", "name": "E", "symbols": ["a"]}, "String"),
        (
            {
                "type": "array",
                "items": {
                    "type": "record",
                    "name": "R",
                    "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": MILLIS}],
                },
            },
            "Array(Tuple(a Int32, b DateTime64(3, 'UTC')))",
        ),
    ],
)
def test_types(avro: Any, wanted: str) -> None:
    assert clickhouse_type(avro) == wanted


@pytest.mark.parametrize(
    "avro",
    [
        "null",
        ["int", "string"],
        ["null", "int", "string"],
        {"type": "long", "logicalType": "timestamp-micros"},
    ],
)
def test_types_without_a_column(avro: Any) -> None:
    with pytest.raises(Fatal):
        clickhouse_type(avro)


def test_low_cardinality_is_looked_through() -> None:
    column = "Map(LowCardinality(String), Array(Tuple(a LowCardinality(Nullable(String)), b Int64)))"
    assert without_low_cardinality(column) == "Map(String, Array(Tuple(a Nullable(String), b Int64)))"
