"""JSON Schemas of answers: events as their Avro schemas say, and what the api puts around them."""

from typing import Any

from schemas.json_shapes import COUNT, FLAG, MILLIS, NUMBER, TEXT, many, nullable, record
from schemas.registry import load_schema

__all__ = (
    "COUNT",
    "CURSOR",
    "EVENTS",
    "FLAG",
    "MILLIS",
    "NUMBER",
    "POSITION",
    "TEXT",
    "answer",
    "components",
    "event",
    "many",
    "nullable",
)

CURSOR = {"type": ["string", "null"], "description": "cursor of the next page; null where this is the last"}
POSITION = {"type": "string", "description": "the stream goes on from here with `last_event_id`"}

EVENTS = (
    "mention",
    "trend",
    "alert",
    "rule",
    "story",
    "story_link",
    "topic",
    "assignment",
    "influencer",
    "bar",
    "quote",
    "run",
)
"""Events that answers hold; each is a component of the document, named as in Avro."""


def event(name: str) -> dict[str, Any]:
    """A reference to the component of an event."""
    return {"$ref": f"#/components/schemas/{load_schema(name)['name']}"}


def components() -> dict[str, Any]:
    """The events by name."""
    schemas = [load_schema(name) for name in EVENTS]
    return {schema["name"]: record(schema) for schema in schemas}


def answer(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object with all these properties."""
    return {"type": "object", "properties": properties, "required": list(properties)}
