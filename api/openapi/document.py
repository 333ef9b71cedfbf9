"""The OpenAPI document, made of the same models that check the parameters."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.credentials import COOKIE
from api.access.scopes import BY_TOPIC, OPEN, SCOPES
from api.answers import json_answer
from api.openapi.operation import Operation
from api.openapi.shapes import COUNT, TEXT, answer, components, many
from api.routes import stream, websocket

_NO_NAME = re.compile(r"[^0-9a-z]+")

_FAULT = {
    "type": "object",
    "properties": {
        "loc": {"type": "array", "items": {"anyOf": [TEXT, COUNT]}},
        "msg": TEXT,
        "type": TEXT,
        "code": {**COUNT, "description": "ClickHouse's error code, where SQL was refused by it"},
    },
    "required": ["loc", "msg", "type"],
}
_PROBLEMS = {"Invalid": answer(detail=many(_FAULT)), "Problem": answer(detail=TEXT)}

_EVENT = answer(id=TEXT, event=TEXT, data={"type": "object"})
_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "a JWT or an API key; needed where DENYUT_ANONYMOUS_READ is false. Scopes: "
        + "; ".join(f"`{scope}`: {about}" for scope, about in SCOPES.items()),
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "set by POST /api/v1/session",
    },
}


def document(operations: Iterable[Operation]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    paths[websocket.PATH] = {"get": _websocket()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Denyut",
            "version": "1",
            "description": "Public opinion and markets, live and landed. Times in answers are epoch milliseconds, UTC. "
            "Lists in parameters are repeated or separated by commas.",
        },
        "paths": paths,
        "components": {"schemas": {**components(), **_PROBLEMS}, "securitySchemes": _SCHEMES},
    }


def document_route(operations: Iterable[Operation]) -> Route:
    """The route that serves it."""
    made = document(operations)

    async def openapi(_: Request) -> Response:
        return json_answer(made)

    return Route("/api/v1/openapi.json", openapi, methods=["GET"])


def _websocket() -> dict[str, Any]:
    """The WebSocket as the request that begins it; OpenAPI has no words for what follows."""
    begun = Operation(websocket.PATH, stream.stream, stream.PARAMETERS, "live", BY_TOPIC, shape=many(_EVENT))
    described = _operation(begun)
    summary, _, description = inspect.cleandoc(websocket.websocket.__doc__ or "").partition("\n")
    codes = "; ".join(f"{code}: {reason}" for reason, code in websocket.CODES.items())
    described |= {
        "summary": summary,
        "description": f"{description.strip()}\n\nClose codes: {codes}; {websocket.TALKS}: the client said something. "
        "After 4401 a new credential is needed, after the others the stream goes on by its last id.",
    }
    answers = described["responses"]
    described["responses"] = {
        "101": {**answers.pop("200"), "description": "messages like this follow"},
        **answers,
        "426": _problem("the request begins no WebSocket", "Problem"),
    }
    return described


def _operation(one: Operation) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(one.endpoint.__doc__ or "").partition("\n")
    content: dict[str, Any] = {one.answers: {"schema": one.shape} if one.shape else {}}
    described: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{_NO_NAME.sub('_', one.path).strip('_')}",
        "tags": [one.group],
        "summary": summary,
        "description": description.strip(),
        "parameters": _parameters(one.parameters, one.path),
        "responses": {
            "200": {"description": "as asked", "content": content},
            "422": _problem("a parameter is refused", "Invalid"),
            "503": {"description": one.unavailable, "content": content}
            if one.path.startswith("/health")
            else _problem(one.unavailable, "Problem"),
        },
    }
    if one.access != OPEN:
        # Nothing at all is among the ways: where anybody may read, no credential is needed.
        described["security"] = [{}, *({name: [one.access]} for name in _SCHEMES)]
        described["responses"] |= {
            "400": _problem("a credential stands in the address, or there are two", "Problem"),
            "401": _problem("a credential is needed, or the one given does not hold", "Problem"),
            "403": _problem(f"the scope {one.access} is needed, or another site's page asks", "Problem"),
        }
    if "{" in one.path:
        described["responses"]["404"] = _problem("there is none", "Problem")
    if one.body:
        described["requestBody"] = {
            "required": True,
            "description": one.body,
            "content": {"text/plain": {"schema": TEXT}},
        }
    return described


def _problem(description: str, name: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _parameters(model: type[BaseModel], path: str) -> list[dict[str, Any]]:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    return [
        _parameter(name, one, name in required, "path" if f"{{{name}}}" in path else "query")
        for name, one in schema.get("properties", {}).items()
    ]


def _parameter(name: str, schema: dict[str, Any], required: bool, where: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": required,
        "description": schema.get("description", ""),
        "schema": {key: value for key, value in schema.items() if key not in ("description", "title")},
    }
