"""Topics, schemas, typed events, pinned ids and golden messages agree with one another."""

import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import fastavro
import pytest

import schemas.events
from schemas.codec import Codec, schema_id_of
from schemas.flow import FLOW
from schemas.registry import PinnedIds, events, load_schema
from schemas.tables import LANDED
from schemas.topics import TOPICS

EXAMPLES = sorted((Path(schemas.events.__file__).parents[1] / "examples").glob("*/*/*.json"))
BYTES_FIELDS = {
    ("partial", "authors"),
    ("fingerprint", "signature"),
    ("dead_letter", "key"),
    ("dead_letter", "raw"),
}


def golden(path: Path) -> tuple[str, dict[str, Any], bytes]:
    """(event, record, frozen payload) of a golden message; bytes are written as Latin-1 text in its JSON."""
    content = json.loads(path.read_text(encoding="utf-8"))
    event = path.parts[-3]
    record = {
        name: value.encode("latin-1") if (event, name) in BYTES_FIELDS and isinstance(value, str) else value
        for name, value in content["record"].items()
    }
    return event, record, bytes.fromhex(content["payload"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_golden_message_encodes_and_decodes_to_the_same_bytes_and_record(path: Path) -> None:
    event, record, payload = golden(path)
    codec = Codec(PinnedIds())
    decoded = codec.decode(payload)
    if decoded.schema_id != PinnedIds().id_of(event):
        pytest.skip("of an earlier release: see test_evolution")
    assert codec.encode(event, record) == payload
    assert decoded.event == event
    assert decoded.record == record


def test_every_event_has_a_golden_message_a_topic_and_an_id_of_its_own() -> None:
    assert {path.parts[-3] for path in EXAMPLES} == set(events())
    assert {topic.event for topic in TOPICS.values()} == set(events())
    ids = [PinnedIds().id_of(event) for event in events()]
    assert len(set(ids)) == len(ids)
    files = {path.stem for path in Path(schemas.events.__file__).parent.glob("*.avsc")}
    assert files == set(events())


CONTAINERS: dict[Any, Callable[[tuple[Any, ...]], Any]] = {
    types.UnionType: lambda args: ["null", avro_type(next(arg for arg in args if arg is not type(None)))],
    typing.Literal: lambda args: ("enum", args),
    Sequence: lambda args: ("array", avro_type(args[0])),
    Mapping: lambda args: ("map", avro_type(args[1])),
}


def avro_type(annotation: Any) -> Any:
    """A TypedDict annotation in the words of Avro, logical types and number widths left out."""
    container = CONTAINERS.get(typing.get_origin(annotation))
    if container is not None:
        return container(typing.get_args(annotation))
    if typing.is_typeddict(annotation):
        return {name: avro_type(inner) for name, inner in typing.get_type_hints(annotation).items()}
    return {str: "string", int: "int", float: "float", bool: "boolean", bytes: "bytes"}[annotation]


COMPLEX: dict[str, Callable[[Any], Any]] = {
    "enum": lambda schema: ("enum", tuple(schema["symbols"])),
    "array": lambda schema: ("array", schema_type(schema["items"])),
    "map": lambda schema: ("map", schema_type(schema["values"])),
    "record": lambda schema: {field["name"]: schema_type(field["type"]) for field in schema["fields"]},
}


def schema_type(schema: Any) -> Any:
    """The same words for an Avro type."""
    if isinstance(schema, list):
        assert schema[0] == "null"
        return ["null", schema_type(schema[1])]
    if isinstance(schema, str):
        return {"long": "int", "double": "float"}.get(schema, schema)
    complex_type = COMPLEX.get(schema["type"])
    return complex_type(schema) if complex_type else schema_type(schema["type"])


@pytest.mark.parametrize("event", events())
def test_the_typed_event_equals_its_schema(event: str) -> None:
    schema = load_schema(event)
    typed = getattr(schemas.events, schema["name"])
    assert avro_type(typed) == schema_type(schema)


@pytest.mark.parametrize("event", events())
def test_every_field_is_explained_and_every_optional_one_has_a_default(event: str) -> None:
    for field in load_schema(event)["fields"]:
        assert field["doc"].strip(), field["name"]
        if isinstance(field["type"], list):
            assert field["default"] is None, field["name"]
    fastavro.parse_schema(dict(load_schema(event)))


def test_the_flow_and_the_tables_name_topics_that_exist() -> None:
    for step in FLOW:
        assert set(step.inputs) | set(step.outputs) <= set(TOPICS)
    assert set(LANDED) <= set(TOPICS)
    sink = next(step for step in FLOW if step.name == "clickhouse")
    assert set(sink.inputs) == set(LANDED)


def test_the_header_is_the_confluent_one() -> None:
    payload = Codec(PinnedIds()).encode(
        "checkpoint", {"collector": "a", "source": "b", "cursor": "", "updated_at": 0}
    )
    assert payload[:5] == b"\x00" + PinnedIds().id_of("checkpoint").to_bytes(4, "big")
    assert schema_id_of(payload) == PinnedIds().id_of("checkpoint")
