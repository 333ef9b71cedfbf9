"""The AsyncAPI document: up to date, valid by the official schema, and about every topic and event there is."""

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import fastavro
import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from api.routes.asyncapi import document_route
from schemas.asyncapi import document
from schemas.codec import plain_times
from schemas.flow import FLOW
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS
from tests.contract.asyncapi import PATH, written
from tests.contract.test_schemas import BYTES_FIELDS

OFFICIAL = Path(__file__).with_name("asyncapi-3.0.0.schema.json")


@pytest.fixture
def made() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written())
    return found


def test_the_document_is_up_to_date() -> None:
    assert PATH.read_bytes() == written(), "run .venv/bin/python -m tests.contract.asyncapi"


@pytest.mark.parametrize("security", ["PLAINTEXT", "SSL", "SASL_SSL"])
def test_the_official_schema_accepts_it_and_refuses_a_broken_one(
    security: Literal["PLAINTEXT", "SSL", "SASL_SSL"],
) -> None:
    jsonschema = importlib.import_module("jsonschema")  # it has no types
    validator = jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))
    settings = KafkaSettings.model_construct(
        kafka_security=security,
        topic_prefix="p.",
        partitions=3,
        replication=1,
        kafka_mechanism="SCRAM-SHA-512",
        kafka_user="u",
        kafka_password=SecretStr("p"),
    )
    good = document(settings)
    assert [error.message for error in validator.iter_errors(good)] == []
    for broken in (
        {**good, "asyncapi": "2.0.0"},
        {**good, "channels": {"posts": {"adress": "posts"}}},
        {**good, "operations": {"x": {"action": "publish", "channel": {"$ref": "#/channels/posts"}}}},
    ):
        assert list(validator.iter_errors(broken)), broken


def references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere(made: dict[str, Any]) -> None:
    found = set(references(made))
    assert found
    for reference in found:
        at: Any = made
        for name in reference.removeprefix("#/").split("/"):
            at = at[name]
        assert at


def test_it_has_every_topic_and_every_step(made: dict[str, Any]) -> None:
    assert {name: channel["address"] for name, channel in made["channels"].items()} == {
        name: topic.full_name("denyut.") for name, topic in TOPICS.items()
    }
    read = {(step.name, name) for step in FLOW for name in step.inputs}
    written_to = {(step.name, name) for step in FLOW for name in step.outputs}
    for action, verb, wanted in (("receive", "reads", read), ("send", "writes", written_to)):
        named = {name for name, operation in made["operations"].items() if operation["action"] == action}
        assert named == {f"{step}-{verb}-{topic}" for step, topic in wanted}


def test_a_channel_without_avro_has_its_own_message(made: dict[str, Any]) -> None:
    reference = made["channels"]["alerts.json"]["messages"]["alert"]["$ref"]
    assert reference == "#/components/messages/CloudEvent"
    kinds = {message["contentType"] for message in made["components"]["messages"].values()}
    assert kinds == {"application/vnd.apache.avro", "application/cloudevents+json"}


def test_its_payloads_are_schemas_that_their_examples_fit(made: dict[str, Any]) -> None:
    cloud_event = made["components"]["messages"].pop("CloudEvent")
    jsonschema = importlib.import_module("jsonschema")  # it has no types
    assert cloud_event["examples"]
    for example in cloud_event["examples"]:
        for part in ("payload", "headers"):
            jsonschema.Draft7Validator(cloud_event[part]).validate(example[part])
    for message in made["components"]["messages"].values():
        schema = fastavro.parse_schema(plain_times(message["payload"]["schema"]))
        assert message["examples"]
        for example in message["examples"]:
            record = {
                name: value.encode("latin-1")
                if (message["name"], name) in BYTES_FIELDS and value is not None
                else value
                for name, value in example["payload"].items()
            }
            assert fastavro.validation.validate(record, schema, strict=True)


async def test_the_api_serves_that_of_its_own_settings_without_a_secret_or_an_address() -> None:
    settings = KafkaSettings.model_validate(
        {
            "kafka": "broker.internal:9093",
            "topic_prefix": "mine.",
            "kafka_security": "SASL_SSL",
            "kafka_user": "somebody",
            "kafka_password": "hidden",
            "schema_registry_url": "http://registry.internal",
        }
    )
    transport = httpx.ASGITransport(Starlette(routes=[document_route(settings)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        answer = await client.get("/api/v1/asyncapi.json")
    assert answer.status_code == 200
    assert answer.json()["channels"]["posts"]["address"] == "mine.posts"
    assert answer.json()["channels"]["live"]["address"] == "/api/v1/ws"
    assert answer.json()["servers"]["api"]["protocol"] == "ws"
    jsonschema = importlib.import_module("jsonschema")  # it has no types
    validator = jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text(encoding="utf-8")))
    assert [error.message for error in validator.iter_errors(answer.json())] == []
    assert answer.json()["servers"]["kafka"]["protocol"] == "kafka-secure"
    assert answer.json()["components"]["securitySchemes"]["login"] == {"type": "scramSha256"}
    for secret in ("hidden", "somebody", "internal"):
        assert secret not in answer.text
