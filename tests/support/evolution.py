"""What may become of a schema once it was released: Avro's rules for reading old records, and how ids go along."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.canonical import canonical
from schemas.registry import Schema

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
_NAMED = ("record", "enum", "fixed")


def violations(
    released: Mapping[int, tuple[str, Schema]], ids: Mapping[str, int], present: Mapping[str, Schema]
) -> Iterator[str]:
    """What is wrong with the present schemas (by event, under these pinned ids) in the eyes of those once released."""
    owners = {schema_id: event for event, schema_id in ids.items()}
    for schema_id, (event, frozen) in sorted(released.items()):
        owner = owners.get(schema_id, event)
        if event not in present:
            yield f"{event} was released under id {schema_id} and is gone: its records could not be read"
        elif owner != event:
            yield f"id {schema_id} was released for {event} and is given to {owner}: take a new one"
        elif ids[event] == schema_id and canonical(present[event]) != canonical(frozen):
            yield f"{event} is not what was released under id {schema_id}: give it a new id in schemas/ids.json"
        else:
            for problem in problems(present[event], frozen):
                yield f"{event} cannot read what was written under id {schema_id}: {problem}"


def problems(reader: Schema, writer: Schema) -> list[str]:
    """Why `reader` cannot read all that `writer` may have written; nothing where it can (BACKWARD).

    A logical type that comes or goes counts too: Avro reads on, but the number means something else.
    """
    new, old = canonical(reader), canonical(writer)
    return list(_Comparison(_named(new), _named(old)).of(new, old, str(old["name"])))


class _Comparison:
    """Compares types that may name others of their schema."""

    def __init__(self, reader_names: Mapping[str, Any], writer_names: Mapping[str, Any]) -> None:
        self._reader_names, self._writer_names = reader_names, writer_names

    def of(self, reader: Any, writer: Any, at: str) -> Iterator[str]:
        reader, writer = _resolved(reader, self._reader_names), _resolved(writer, self._writer_names)
        if isinstance(writer, list):
            for branch in writer:
                yield from self.of(reader, branch, at)
        elif isinstance(reader, list):
            tried = [list(self.of(branch, writer, at)) for branch in reader]
            if all(tried):
                yield f"{at}: {_kind(writer)} fits none of {', '.join(_kind(branch) for branch in reader)}"
        elif _logical(reader) != _logical(writer):
            yield f"{at}: {_logical(writer) or 'a plain number'} became {_logical(reader) or 'a plain number'}"
        elif _kind(reader) != _kind(writer):
            if _kind(reader) not in _PROMOTIONS.get(_kind(writer), ()):
                yield f"{at}: {_kind(writer)} became {_kind(reader)}"
        else:
            yield from self._same_kind(reader, writer, at)

    def _same_kind(self, reader: Any, writer: Any, at: str) -> Iterator[str]:
        kind = _kind(reader)
        if kind in _NAMED and not _known_as(reader, writer["name"]):
            yield f"{at}: {kind} {writer['name']} became {reader['name']} without an alias"
        elif kind == "record":
            yield from self._fields(reader, writer, at)
        elif kind == "enum":
            gone = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
            if gone and "default" not in reader:
                yield f"{at}: symbols {', '.join(gone)} are gone"
        elif kind == "array":
            yield from self.of(reader["items"], writer["items"], f"{at}[]")
        elif kind == "map":
            yield from self.of(reader["values"], writer["values"], f"{at}{{}}")
        elif kind == "fixed" and reader["size"] != writer["size"]:
            yield f"{at}: {writer['size']} bytes became {reader['size']}"

    def _fields(self, reader: Any, writer: Any, at: str) -> Iterator[str]:
        for field in reader["fields"]:
            old = next((other for other in writer["fields"] if _known_as(field, other["name"])), None)
            if old is not None:
                yield from self.of(field["type"], old["type"], f"{at}.{field['name']}")
            elif "default" not in field:
                yield f"{at}.{field['name']}: new, without a default"


def _known_as(named: Any, name: str) -> bool:
    return name == named["name"] or name in named.get("aliases", ())


def _kind(schema: Any) -> str:
    return str(schema["type"]) if isinstance(schema, Mapping) else str(schema)


def _logical(schema: Any) -> str | None:
    return schema.get("logicalType") if isinstance(schema, Mapping) else None


def _resolved(schema: Any, names: Mapping[str, Any]) -> Any:
    return names.get(schema, schema) if isinstance(schema, str) else schema


def _named(schema: Any) -> dict[str, Any]:
    """Every named type within a schema."""
    if isinstance(schema, list):
        return {name: found for branch in schema for name, found in _named(branch).items()}
    if not isinstance(schema, Mapping):
        return {}
    found = {schema["name"]: schema} if schema.get("type") in _NAMED else {}
    for inner in (*schema.get("fields", ()), schema.get("items"), schema.get("values"), schema.get("type")):
        found |= _named(inner)
    return found
