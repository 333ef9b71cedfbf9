"""The OpenAPI document, made of the same models that check the parameters."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import json_answer

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One GET: where, by whom, with what parameters, answering what."""

    path: str
    endpoint: Endpoint
    parameters: type[BaseModel]
    answers: str = "application/json"


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Denyut",
            "version": "1",
            "description": "Public opinion and markets, live and landed.",
        },
        "paths": {one.path: {"get": _operation(one)} for one in operations},
        "components": {"schemas": {"Invalid": _INVALID}},
    }


def document_route(operations: Iterable[Operation]) -> Route:
    """The route that serves it."""
    made = document(operations)

    async def openapi(_: Request) -> Response:
        return json_answer(made)

    return Route("/api/v1/openapi.json", openapi, methods=["GET"])


_INVALID = {
    "type": "object",
    "properties": {
        "detail": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "loc": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
                    "msg": {"type": "string"},
                    "type": {"type": "string"},
                },
                "required": ["loc", "msg", "type"],
            },
        }
    },
    "required": ["detail"],
}


def _operation(one: Operation) -> dict[str, Any]:
    invalid = {"application/json": {"schema": {"$ref": "#/components/schemas/Invalid"}}}
    return {
        "operationId": one.path.strip("/").replace("/", "_").replace("-", "_"),
        "summary": (one.endpoint.__doc__ or "").strip().splitlines()[0],
        "parameters": [_parameter(name, schema) for name, schema in _properties(one.parameters)],
        "responses": {
            "200": {"description": "as asked", "content": {one.answers: {}}},
            "422": {"description": "a parameter is refused", "content": invalid},
            "503": {"description": "Kafka or ClickHouse cannot answer now"},
        },
    }


def _properties(model: type[BaseModel]) -> list[tuple[str, dict[str, Any]]]:
    return list(model.model_json_schema().get("properties", {}).items())


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": schema.get("description", ""),
        "schema": {key: value for key, value in schema.items() if key not in ("description", "title")},
    }
