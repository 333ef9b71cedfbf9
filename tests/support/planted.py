"""Changes of schemas, planted to see whether whoever judges them is right: by name, (event, changed schema)."""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from schemas.registry import load_schema

Change = Callable[[dict[str, Any]], object]


def changed(event: str, change: Change) -> dict[str, Any]:
    """The present schema of an event with one change."""
    schema = copy.deepcopy(dict(load_schema(event)))
    change(schema)
    return schema


def field(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One field of a record."""
    found: dict[str, Any] = next(one for one in schema["fields"] if one["name"] == name)
    return found


def _add(**added: Any) -> Change:
    return lambda schema: schema["fields"].append({"name": "added", **added})


def _retype(name: str, kind: Any) -> Change:
    return lambda schema: field(schema, name).update(type=kind)


def _rename(name: str, **more: Any) -> Change:
    return lambda schema: field(schema, name).update(name="renamed", **more)


def _symbols(name: str, change: Callable[[list[str]], object]) -> Change:
    return lambda schema: change(field(schema, name)["type"]["symbols"])


def _remove(name: str) -> Change:
    return lambda schema: schema["fields"].remove(field(schema, name))


COMPATIBLE: Mapping[str, tuple[str, Change]] = {
    "nothing": ("post", lambda _: None),
    "other words": ("post", lambda schema: schema.update(doc="other")),
    "a new field with a default": ("post", _add(type="string", default="")),
    "a new field that may be null": ("alert", _add(type=["null", "long"], default=None)),
    "a field less": ("mention", _remove("hashtags")),
    "other order": ("trend", lambda schema: schema["fields"].reverse()),
    "int to long": ("mention", _retype("origin_partition", "long")),
    "float to double": ("mention", _retype("confidence", "double")),
    "one symbol more": ("post", _symbols("kind", lambda symbols: symbols.append("story"))),
    "may now be null": ("post", _retype("text", ["null", "string"])),
    "a new name with an alias": ("run", _rename("items", aliases=["items"])),
}
INCOMPATIBLE: Mapping[str, tuple[str, Change]] = {
    "a new field without a default": ("post", _add(type="string")),
    "a new name without an alias": ("post", _rename("text")),
    "long to int": ("mention", _retype("origin_offset", "int")),
    "string to long": ("post", _retype("source", "long")),
    "no longer null": ("post", lambda schema: field(schema, "url").update(type="string", default="")),
    "a symbol less": ("post", _symbols("kind", lambda symbols: symbols.remove("video"))),
    "other items": ("mention", _retype("keywords", {"type": "array", "items": "long"})),
    "other values": ("mention", _retype("emotions", {"type": "map", "values": "string"})),
    "an array to a map": ("mention", _retype("hashtags", {"type": "map", "values": "string"})),
    "a record within with another field": (
        "receipt",
        lambda schema: field(schema, "counts")["type"]["items"]["fields"].append(
            {"name": "added", "type": "long"}
        ),
    ),
}
MEANINGS: Mapping[str, tuple[str, Change]] = {
    "a time to a number": ("post", _retype("collected_at", "long")),
    "a number to a time": (
        "mention",
        _retype("origin_offset", {"type": "long", "logicalType": "timestamp-millis"}),
    ),
}
"""What Avro reads without a word, but wrongly."""
