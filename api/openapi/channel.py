"""The live stream over WebSocket as a channel of the AsyncAPI document that is served."""

from typing import Any

from api.access.scopes import of_topics
from api.catalogue import LIVE
from api.openapi.shapes import TEXT, answer, many
from api.parameters import StreamParameters
from api.routes.websocket import CODES, PATH, TALKS

_NAME = "live"


def with_websocket(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a server, a channel and an operation more."""
    codes = ", ".join(f"{code} {reason}" for reason, code in CODES.items())
    channel = {
        "address": PATH,
        "servers": [{"$ref": "#/servers/api"}],
        "title": "The live stream",
        "description": "Events of the live topics from a position on; each has an id, after which a later connection goes on "
        f"(`last_event_id`). Close codes: {codes}, {TALKS} the client said something. "
        f"Scopes, where not everybody may read: {', '.join(of_topics(LIVE))}.",
        "messages": {"events": _message()},
        "bindings": {"ws": {"method": "GET", "query": _query(), "bindingVersion": "0.1.0"}},
    }
    operation = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{_NAME}"},
        "summary": "what is sent to whoever listens; nothing is received",
        "messages": [{"$ref": f"#/channels/{_NAME}/messages/events"}],
    }
    return {
        **document,
        "servers": {**document["servers"], "api": _server()},
        "channels": {**document["channels"], _NAME: channel},
        "operations": {**document["operations"], f"send-{_NAME}": operation},
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}",
        "variables": {"host": {"default": "127.0.0.1:8000", "description": "where this api is"}},
        "protocol": "ws",
    }


def _message() -> dict[str, Any]:
    event = answer(id=TEXT, event=TEXT, data={"type": "object"})
    return {
        "name": "events",
        "title": "Events",
        "contentType": "application/json",
        "summary": "some events, in order: of a topic, or `open`, `heartbeat`, `reset`, `close`",
        "payload": many(event),
    }


def _query() -> dict[str, Any]:
    schema = StreamParameters.model_json_schema()
    return {"type": "object", "properties": schema["properties"]}
