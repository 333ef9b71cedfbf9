"""The AsyncAPI document: every topic, what its records are and which step of the flow reads and writes it."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from schemas import cloudevents
from schemas.flow import FLOW, Step
from schemas.registry import events, load_schema
from schemas.settings import KafkaSettings
from schemas.topics import AVRO, CLOUDEVENTS, TOPICS, Topic

_CLOUD_EVENT = "CloudEvent"
_BINDING = "0.5.0"
_AVRO = "application/vnd.apache.avro+json;version=1.9.0"
_MECHANISMS = {"SCRAM-SHA-256": "scramSha256", "SCRAM-SHA-512": "scramSha512", "PLAIN": "plain"}


def document(settings: KafkaSettings) -> dict[str, Any]:
    """AsyncAPI 3.0 of the topics under the settings' prefix. Addresses are left open: they are nobody's business."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Denyut",
            "version": "1",
            "description": "Public opinion and markets as events on Kafka. Values are Avro in the Confluent wire format "
            "(a zero byte, the schema id as four bytes, big-endian, and the record); keys are UTF-8. Read with "
            "isolation.level=read_committed. Times are epoch milliseconds, UTC. Without Avro, read alerts.json.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": AVRO,
        "servers": {"kafka": _server(settings)},
        "channels": {name: _channel(topic, settings) for name, topic in TOPICS.items()},
        "operations": dict(_operations(settings.topic_prefix)),
        "components": {
            "messages": {
                **{_title(event): _message(event) for event in events()},
                _CLOUD_EVENT: _cloud_event(settings),
            },
            **({"securitySchemes": {"login": _login(settings)}} if _has_login(settings) else {}),
        },
    }


def _server(settings: KafkaSettings) -> dict[str, Any]:
    secure = settings.kafka_security.endswith("SSL")
    return {
        "host": "{bootstrap}",
        "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "one of the brokers"}},
        "protocol": "kafka-secure" if secure else "kafka",
        **({"security": [{"$ref": "#/components/securitySchemes/login"}]} if _has_login(settings) else {}),
    }


def _has_login(settings: KafkaSettings) -> bool:
    return settings.kafka_security.startswith("SASL")


def _login(settings: KafkaSettings) -> dict[str, Any]:
    return {"type": _MECHANISMS[settings.kafka_mechanism]}


def _channel(topic: Topic, settings: KafkaSettings) -> dict[str, Any]:
    configuration: dict[str, Any] = {"cleanup.policy": topic.cleanup.split(",")}
    if "retention.ms" in topic.config():
        configuration["retention.ms"] = int(topic.config()["retention.ms"])
    return {
        "address": topic.full_name(settings.topic_prefix),
        "title": topic.name,
        "description": f"{topic.about[0].upper()}{topic.about[1:]}, keyed by {topic.key}.",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {topic.event: {"$ref": f"#/components/messages/{_message_of(topic)}"}},
        "bindings": {
            "kafka": {
                "topic": topic.full_name(settings.topic_prefix),
                "partitions": topic.partitions(settings.partitions),
                "replicas": settings.replication,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _message_of(topic: Topic) -> str:
    return _CLOUD_EVENT if topic.content_type == CLOUDEVENTS else _title(topic.event)


def _cloud_event(settings: KafkaSettings) -> dict[str, Any]:
    source = TOPICS["alerts"].full_name(settings.topic_prefix)
    return {
        "name": "cloud_event",
        "title": _CLOUD_EVENT,
        "summary": "An alert of everyone's as a CloudEvent 1.0 in structured mode; alerts of a rule with an owner are not here.",
        "contentType": CLOUDEVENTS,
        "headers": {
            "type": "object",
            "properties": {"content-type": {"type": "string", "const": CLOUDEVENTS}},
            "required": ["content-type"],
        },
        "payload": cloudevents.shape(),
        "bindings": {
            "kafka": {"key": {"type": "string", "description": "rule id"}, "bindingVersion": _BINDING}
        },
        "examples": [
            {
                "name": name,
                "headers": {"content-type": CLOUDEVENTS},
                "payload": json.loads(cloudevents.cloud_event(record, source)),
            }
            for name, record in _examples("alert").items()
        ],
    }


def _message(event: str) -> dict[str, Any]:
    topics = [topic for topic in TOPICS.values() if topic.event == event and topic.content_type == AVRO]
    return {
        "name": event,
        "title": _title(event),
        "summary": load_schema(event)["doc"],
        "contentType": AVRO,
        "payload": {"schemaFormat": _AVRO, "schema": load_schema(event)},
        "bindings": {
            "kafka": {
                "key": {
                    "type": "string",
                    "description": " or ".join(dict.fromkeys(topic.key for topic in topics)),
                },
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "TopicNameStrategy",
                "bindingVersion": _BINDING,
            }
        },
        "examples": [{"name": name, "payload": record} for name, record in _examples(event).items()],
    }


def _operations(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for step in FLOW:
        for name in step.inputs:
            yield f"{step.name}-reads-{name}", _operation(step, name, "receive", prefix)
        for name in step.outputs:
            yield f"{step.name}-writes-{name}", _operation(step, name, "send", prefix)


def _operation(step: Step, name: str, action: str, prefix: str) -> dict[str, Any]:
    group = {"groupId": {"type": "string", "enum": [step.group(prefix)]}} if action == "receive" else {}
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{TOPICS[name].event}"}],
        "summary": f"{step.kind} {step.name}",
        "bindings": {"kafka": {**group, "bindingVersion": _BINDING}},
    }


@cache
def _examples(event: str) -> Mapping[str, Any]:
    """The golden messages of today's version, by name; bytes as Latin-1 text, as Avro's JSON has them."""
    folder = files("schemas") / "examples" / event
    latest = max(folder.iterdir(), key=lambda version: int(version.name))
    return {
        path.name.removesuffix(".json"): json.loads(path.read_text(encoding="utf-8"))["record"]
        for path in sorted(latest.iterdir(), key=lambda path: path.name)
        if path.name.endswith(".json")
    }


def _title(event: str) -> str:
    return str(load_schema(event)["name"])
