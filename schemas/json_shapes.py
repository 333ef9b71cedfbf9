"""JSON Schemas of events, as their Avro schemas say."""

from collections.abc import Callable, Mapping
from typing import Any

MILLIS = {"type": "integer", "description": "epoch milliseconds, UTC"}
TEXT = {"type": "string"}
NUMBER = {"type": "number"}
COUNT = {"type": "integer"}
FLAG = {"type": "boolean"}

_PLAIN: dict[str, dict[str, Any]] = {
    "string": TEXT,
    "int": COUNT,
    "long": COUNT,
    "float": NUMBER,
    "double": NUMBER,
    "boolean": FLAG,
}


def record(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The object that a record of an Avro schema is in JSON; every field is there."""
    properties = {}
    for one in schema["fields"]:
        shape = _shape(one["type"])
        properties[one["name"]] = {**shape, "description": one["doc"]} if one.get("doc") else shape
    return {
        "type": "object",
        "description": schema.get("doc", ""),
        "properties": properties,
        "required": list(properties),
    }


def many(items: dict[str, Any]) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": items}


def nullable(shape: dict[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    kinds = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
    found = {**shape, "type": [*kinds, "null"]}
    return {**found, "enum": [*shape["enum"], None]} if "enum" in shape else found


def _shape(kind: Any) -> dict[str, Any]:
    if isinstance(kind, list):
        (other,) = (one for one in kind if one != "null")
        return nullable(_shape(other))
    if isinstance(kind, str):
        return _PLAIN[kind]
    if kind.get("logicalType") == "timestamp-millis":
        return MILLIS
    return _COMPLEX[kind["type"]](kind)


_COMPLEX: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "enum": lambda kind: {"type": "string", "enum": kind["symbols"]},
    "array": lambda kind: many(_shape(kind["items"])),
    "map": lambda kind: {"type": "object", "additionalProperties": _shape(kind["values"])},
    "record": record,
}
