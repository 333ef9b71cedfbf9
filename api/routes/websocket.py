"""/api/v1/ws: the live stream over WebSocket; the same parameters, ids, heartbeats, limits and access."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.access.guard import identified
from api.asked import asked
from api.errors import HANDLERS
from api.opening import Opening, opening
from api.services import services
from api.settings import ApiSettings
from api.subscription import CloseReason
from api.wire import EXTENSION
from api.ws_wire import WebSocketWire
from schemas.errors import Backpressure

log = structlog.get_logger()

PATH = "/api/v1/ws"
_ANSWERED: tuple[type[Exception], ...] = tuple(HANDLERS)
TALKS = 1003
"""The close code for a client that sends something."""
CODES: Mapping[CloseReason, int] = MappingProxyType(
    {"shutdown": 1012, "overflow": 4000, "behind": 4001, "recreated": 4002, "age": 4003, "expired": 4401}
)
"""Reason of a stream's end to the close code, whose reason is the same word. After all but 4401 a client comes back by its id."""


async def websocket(socket: WebSocket) -> None:
    """The live stream over WebSocket: each message is a JSON array of `{"id", "event", "data"}`, the events of `/api/v1/stream`.

    It takes the parameters of `/api/v1/stream`; a program may send its credential and Last-Event-ID as headers, a page has its
    session's cookie and `last_event_id`. A page of another origin is refused (DENYUT_ALLOWED_ORIGINS). What is refused is answered
    before the handshake, with the status and body that `/api/v1/stream` has.
    """
    own = services(socket)
    try:
        own.gate.check_origin(socket.headers)
        asks = identified(socket)
        wanted = asked(socket.scope["query_string"])
        asks.require(wanted.scopes)
        if own.hub.draining:
            raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
        place = own.admission.enter(socket.client.host if socket.client else "", asks.user)
        try:
            made = await opening(own, wanted, socket.headers.get("last-event-id"), asks)
            await socket.accept()
            await _served(socket, made, own.settings)
        finally:
            place.leave()
    except WebSocketDisconnect:
        return
    except _ANSWERED as error:
        if socket.application_state != WebSocketState.CONNECTING:
            raise
        await socket.send_denial_response(await _answer(socket, error))


async def _served(socket: WebSocket, made: Opening, settings: ApiSettings) -> None:
    wire: WebSocketWire = socket.scope["extensions"][EXTENSION]
    wire.begin(settings.stream_socket_bytes, settings.stream_send_timeout_s)
    talked = False

    async def listen() -> None:
        nonlocal talked
        told = await socket.receive()
        talked = told["type"] == "websocket.receive"
        made.stream.gone("client" if talked else wire.left)

    listening = asyncio.create_task(listen())
    try:
        reason = await made.stream.run(wire, made.start, made.said)
        if talked:
            await socket.close(TALKS, "this stream is not talked to")
        elif reason in CODES:
            async with asyncio.timeout(settings.stream_send_timeout_s):
                await socket.close(CODES[reason], reason)
    except TimeoutError:
        log.info("client_stalled", client=socket.scope["client"])
        wire.abort()
    finally:
        listening.cancel()


async def _answer(connection: HTTPConnection, error: Exception) -> Response:
    """The answer that a request would get."""
    kind = next(kind for kind in type(error).__mro__ if kind in HANDLERS)
    scope = {**connection.scope, "type": "http", "method": "GET"}
    return await HANDLERS[kind](Request(scope), error)


async def no_handshake(request: Request) -> Response:
    """What a request gets that is no handshake, once it is one that a handshake could be."""
    identified(request)
    asked(request.scope["query_string"])
    raise HTTPException(426, "this is a WebSocket: ask with Upgrade: websocket", {"Upgrade": "websocket"})


def routes() -> list[BaseRoute]:
    """Where it is served."""
    return [WebSocketRoute(PATH, websocket), Route(PATH, no_handshake)]
