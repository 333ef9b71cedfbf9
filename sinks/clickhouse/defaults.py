"""What an Avro field becomes as a new column: its type, and its default as ClickHouse writes it."""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.errors import Fatal
from sinks.clickhouse.types import clickhouse_type


def column_type(avro: Any) -> str:
    """The type of a new column for an Avro type: as `clickhouse_type`, enums as LowCardinality."""
    kind = clickhouse_type(avro)
    members = avro if isinstance(avro, list) else [avro]
    if any(isinstance(member, Mapping) and member["type"] == "enum" for member in members):
        return f"LowCardinality({kind})"
    return kind


def default_expression(avro: Any, default: Any) -> str:
    """The Avro default of a field of this type as an SQL expression; raises Fatal where it is none of the type."""
    return f"CAST({_literal(avro, default)}, {_quoted(column_type(avro))})"


def _literal(avro: Any, value: Any) -> str:
    if isinstance(avro, list):
        if value is None:
            return "NULL"
        avro = next(member for member in avro if member != "null")
    if not isinstance(avro, Mapping):
        avro = {"type": avro}
    # `clickhouse_type` knows one logical type only: epoch milliseconds.
    kind = "time" if "logicalType" in avro else avro["type"]
    try:
        return _LITERALS[kind](avro, value)
    except (TypeError, ValueError, KeyError, AttributeError, UnicodeEncodeError) as error:
        raise Fatal(f"{value!r} is no default of the Avro type {avro}") from error


def _array(avro: Any, value: Any) -> str:
    return f"[{', '.join(_literal(avro['items'], item) for item in value)}]"


def _map(avro: Any, value: Any) -> str:
    pairs = (f"{_quoted(key)}, {_literal(avro['values'], item)}" for key, item in value.items())
    return f"map({', '.join(pairs)})"


def _record(avro: Any, value: Any) -> str:
    return f"tuple({', '.join(_literal(field['type'], value[field['name']]) for field in avro['fields'])})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


_LITERALS: Mapping[str, Callable[[Any, Any], str]] = {
    "string": lambda _, value: _quoted(value),
    "enum": lambda _, value: _quoted(value),
    # Avro writes bytes in JSON as the code points of their values.
    "bytes": lambda _, value: f"unhex('{value.encode('latin-1').hex()}')",
    "boolean": lambda _, value: "true" if value else "false",
    "int": lambda _, value: f"toInt64({int(value)})",
    "long": lambda _, value: f"toInt64({int(value)})",
    "float": lambda _, value: f"toFloat64('{float(value)!r}')",
    "double": lambda _, value: f"toFloat64('{float(value)!r}')",
    "time": lambda _, value: f"fromUnixTimestamp64Milli(toInt64({int(value)}), 'UTC')",
    "array": _array,
    "map": _map,
    "record": _record,
}
