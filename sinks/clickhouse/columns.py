"""Schemas against columns: what loses nothing, what a table may learn, what is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from schemas.registry import Schema
from sinks.clickhouse.avro_container import DELETED_FIELD, POSITION_FIELDS
from sinks.clickhouse.defaults import column_type, default_expression
from sinks.clickhouse.types import clickhouse_type, without_low_cardinality

_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_OURS = frozenset(str(field["name"]) for field in (DELETED_FIELD, *POSITION_FIELDS))
_WIDER = frozenset({("Int32", "Int64"), ("Int32", "Float64"), ("Float32", "Float64")})
"""What a column may be wider than an earlier schema's field: nothing is lost, as Avro's own promotions say."""
_UNSTORED = frozenset({"MATERIALIZED", "ALIAS", "EPHEMERAL"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column as ClickHouse describes it; `kind` is that of its default expression, empty where it has none."""

    type: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A schema on its way to a table: as it is called in errors, and the event's present schema.

    `exact` is for the present one, whose columns this release has made itself.
    """

    table: str
    name: str
    schema: Schema
    present: Schema
    exact: bool = False


def columns_of(client: Client, table: str) -> dict[str, Column]:
    """The columns of a table of the connection's database; none where there is no such table."""
    rows = client.query(
        "SELECT name, type, default_kind FROM system.columns WHERE database = currentDatabase() AND table = {table:String}",
        parameters={"table": table},
    ).result_rows
    return {str(name): Column(str(kind), str(default)) for name, kind, default in rows}


def additions(written: Written, columns: Mapping[str, Column]) -> list[str]:
    """The statements that let the table take rows of this schema beside those of others: columns, and defaults.

    Raises Fatal, naming schema, field and table, where a change is not additive.
    """
    if not columns:
        raise Fatal(f"table {written.table} is missing: run `python -m sinks migrate`")
    found = []
    for field in written.schema["fields"]:
        name = str(field["name"])
        if name in _OURS or not _PLAIN_NAME.match(name):
            raise _refusal(written, name, "has a name that landing keeps for itself")
        if name not in columns:
            found.append(_new_column(written, field))
    fields = {str(field["name"]) for field in written.schema["fields"]}
    for field in written.present["fields"]:
        name = str(field["name"])
        if name not in fields and name in columns:
            found += _unfilled(written, field, columns[name])
    return found


def check_columns(written: Written, columns: Mapping[str, Column]) -> None:
    """Raise Fatal unless every field of the schema has a column that loses nothing."""
    if not columns:
        raise Fatal(f"table {written.table} is missing: run `python -m sinks migrate`")
    for field in written.schema["fields"]:
        name = str(field["name"])
        column = columns.get(name)
        if column is None:
            raise Fatal(f"table {written.table} has no column {name!r} for the field of {written.name}")
        if column.kind in _UNSTORED:
            raise Fatal(
                f"column {written.table}.{name} is {column.kind}: it would not keep what {written.name}.{name} brings"
            )
        wanted = _type_of(written, field)
        kept = without_low_cardinality(column.type)
        if kept != wanted and (written.exact or not _holds(kept, wanted)):
            where = ", ".join(_differing(kept, wanted))
            raise Fatal(
                f"column {written.table}.{name} is {column.type}, but {written.name}.{name} needs {wanted}"
                + (f": {where}" if where else "")
            )


def _type_of(written: Written, field: Mapping[str, Any]) -> str:
    try:
        return clickhouse_type(field["type"])
    except Fatal as error:
        raise _refusal(written, field["name"], f"cannot land: {error}") from error


def _new_column(written: Written, field: Mapping[str, Any]) -> str:
    name = field["name"]
    kind = _type_of(written, field)
    if "default" in field:
        default = f" DEFAULT {default_expression(field['type'], field['default'])}"
    elif kind.startswith("Nullable("):
        default = ""
    else:
        raise _refusal(
            written,
            name,
            "is new and has neither a default nor null: not an additive change (rows of other schemas "
            "would have no value for it)",
        )
    return (
        f"ALTER TABLE {written.table} ADD COLUMN IF NOT EXISTS `{name}` {column_type(field['type'])}{default}"
    )


def _unfilled(written: Written, field: Mapping[str, Any], column: Column) -> Iterator[str]:
    """A column that this schema leaves to its default must have the default that readers of the event assume."""
    name = field["name"]
    if column.kind:
        return
    if "default" not in field:
        raise _refusal(
            written,
            name,
            f"is missing and has no default: not an additive change ({column.type} would be made up)",
        )
    if field["default"] is not None:
        expression = default_expression(field["type"], field["default"])
        yield f"ALTER TABLE {written.table} MODIFY COLUMN `{name}` DEFAULT {expression}"
    elif not without_low_cardinality(column.type).startswith("Nullable("):
        raise _refusal(written, name, f"is missing, null by default, and its column is {column.type}")


def _holds(column: str, wanted: str) -> bool:
    """Whether a column of another type keeps every value all the same."""
    if column.startswith("Nullable("):
        inner = column.removeprefix("Nullable(")[:-1]
        plain = wanted.removeprefix("Nullable(")[:-1] if wanted.startswith("Nullable(") else wanted
        return inner == plain or (plain, inner) in _WIDER
    return (wanted, column) in _WIDER


def _differing(column: str, wanted: str, at: str = "") -> Iterator[str]:
    """The nested fields in which two types differ, in words; nothing where they are no records."""
    has, needs = _members(column), _members(wanted)
    if has is None or needs is None:
        return
    for name, kind in needs.items():
        place = f"{at}{name}"
        if name not in has:
            yield f"nested field {place} is missing in the column"
        elif has[name] != kind:
            deeper = list(_differing(has[name], kind, f"{place}."))
            yield from deeper or [f"nested field {place} is {has[name]}, not {kind}"]
    for name in has:
        if name not in needs:
            yield f"nested field {at}{name} is only in the column"


def _members(kind: str) -> dict[str, str] | None:
    """Name to type of the members of a Tuple, within any Array or Nullable; None where there is none."""
    while kind.startswith(("Array(", "Nullable(")):
        kind = kind[kind.index("(") + 1 : -1]
    if not kind.startswith("Tuple("):
        return None
    members, depth, start = [], 0, 0
    inner = kind[len("Tuple(") : -1]
    for at, letter in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            members.append(inner[start:at])
            start = at + 1
    members.append(inner[start:])
    return dict(member.strip().split(" ", 1) for member in members if " " in member.strip())


def _refusal(written: Written, field: Any, what: str) -> Fatal:
    return Fatal(f"{written.name} does not fit table {written.table}: field {field!r} {what}")
