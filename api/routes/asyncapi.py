"""GET /api/v1/asyncapi.json: the topics behind the api, for programs that read Kafka themselves, and its WebSocket."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import json_answer
from api.openapi.channel import with_websocket
from schemas.asyncapi import document
from schemas.settings import KafkaSettings


def document_route(settings: KafkaSettings) -> Route:
    """The route that serves it."""
    made = with_websocket(document(settings))

    async def asyncapi(_: Request) -> Response:
        return json_answer(made)

    return Route("/api/v1/asyncapi.json", asyncapi, methods=["GET"])
