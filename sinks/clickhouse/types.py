"""Avro types as ClickHouse types: the one column type for each field that loses nothing."""

from collections.abc import Mapping
from typing import Any

from schemas.errors import Fatal

_PLAIN = {
    "string": "String",
    "bytes": "String",
    "enum": "String",
    "int": "Int32",
    "long": "Int64",
    "float": "Float32",
    "double": "Float64",
    "boolean": "Bool",
}
_LOGICAL = {"timestamp-millis": "DateTime64(3, 'UTC')"}


def clickhouse_type(avro: Any) -> str:
    """The ClickHouse type an Avro type lands in, without LowCardinality; raises Fatal for one that has none."""
    if isinstance(avro, list):
        others = [member for member in avro if member != "null"]
        if len(others) != 1 or len(avro) != len(others) + 1:
            raise Fatal(f"no ClickHouse type for the Avro union {avro}")
        return f"Nullable({clickhouse_type(others[0])})"
    if not isinstance(avro, Mapping):
        avro = {"type": avro}
    kind = avro["type"]
    if "logicalType" in avro:
        kind = avro["logicalType"]
        if kind not in _LOGICAL:
            raise Fatal(f"no ClickHouse type for the Avro logical type {kind!r}")
        return _LOGICAL[kind]
    if kind == "array":
        return f"Array({clickhouse_type(avro['items'])})"
    if kind == "map":
        return f"Map(String, {clickhouse_type(avro['values'])})"
    if kind == "record":
        members = ", ".join(f"{field['name']} {clickhouse_type(field['type'])}" for field in avro["fields"])
        return f"Tuple({members})"
    if kind not in _PLAIN:
        raise Fatal(f"no ClickHouse type for the Avro type {kind!r}")
    return _PLAIN[kind]


def without_low_cardinality(column: str) -> str:
    """A column type with every LowCardinality(…) replaced by what is in it."""
    marker = "LowCardinality("
    while (start := column.find(marker)) >= 0:
        depth = 1
        end = inner = start + len(marker)
        while depth:
            depth += {"(": 1, ")": -1}.get(column[end], 0)
            end += 1
        column = column[:start] + column[inner : end - 1] + column[end:]
    return column
