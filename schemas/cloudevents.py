"""Alerts as CloudEvents 1.0 in JSON, structured mode: for programs that read Kafka without Avro."""

from datetime import UTC, datetime
from typing import Any

import orjson

from schemas import json_shapes
from schemas.events import Alert, Millis
from schemas.json_shapes import TEXT
from schemas.registry import load_schema

TYPE = "denyut.alert"


def cloud_event(alert: Alert, topic: str) -> bytes:
    """The alert in its envelope; `topic`, the full name of the one that has it in Avro, is the source: with it the id is unique."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": alert["id"],
            "source": f"/{topic}",
            "type": TYPE,
            "subject": alert["subject"],
            "time": _timestamp(alert["fired_at"]),
            "partitionkey": alert["rule_id"],
            "datacontenttype": "application/json",
            "data": alert,
        }
    )


def shape() -> dict[str, Any]:
    """The JSON Schema of what `cloud_event` makes."""
    properties: dict[str, Any] = {
        "specversion": {"type": "string", "const": "1.0"},
        "id": {**TEXT, "description": "the id of the alert"},
        "source": {
            "type": "string",
            "format": "uri-reference",
            "description": "the topic that has it in Avro",
        },
        "type": {"type": "string", "const": TYPE},
        "subject": {**TEXT, "description": "the alert's subject, kind:value"},
        "time": {"type": "string", "format": "date-time", "description": "event time at which it fired"},
        "partitionkey": {**TEXT, "description": "the rule's id, which is the record's key"},
        "datacontenttype": {"type": "string", "const": "application/json"},
        "data": json_shapes.record(load_schema("alert")),
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _timestamp(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
