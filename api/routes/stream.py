"""GET /api/v1/stream: the live topics as Server-Sent Events."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.access.guard import identity_of
from api.access.scopes import of_topics
from api.admission import Place
from api.opening import opening
from api.parameters import StreamParameters, read
from api.resume import Start
from api.services import Services, services
from api.settings import ApiSettings
from api.stream import Stream
from api.wire import EXTENSION, Wire
from schemas.errors import Backpressure

log = structlog.get_logger()

PARAMETERS = StreamParameters
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""Nothing between us and the client may keep it or wait for more of it."""


class StreamResponse(Response):
    """An answer that writes to its socket itself, from its head to its end."""

    def __init__(
        self, settings: ApiSettings, place: Place, made: Stream, start: Start, said: Mapping[str, Any]
    ) -> None:
        super().__init__(headers=_HEADERS, media_type="text/event-stream")
        # It ends when it ends.
        del self.headers["content-length"]
        self._settings = settings
        self._place = place
        self._stream = made
        self._start = start
        self._said = said

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await self._written(scope["extensions"][EXTENSION])
            async with asyncio.timeout(self._settings.stream_send_timeout_s):
                await send({"type": "http.response.body"})
        except TimeoutError:
            log.info("client_stalled", client=scope["client"])
            scope["extensions"][EXTENSION].abort()
        finally:
            self._place.leave()

    async def _written(self, wire: Wire) -> None:
        wire.begin(
            self._settings.stream_socket_bytes, self._settings.stream_send_timeout_s, self._stream.gone
        )
        try:
            await self._stream.run(wire, self._start, self._said)
        finally:
            wire.end()


async def stream(request: Request) -> Response:
    """The live topics as Server-Sent Events, each with an id that goes on exactly after it.

    Starts after Last-Event-ID, else after `last_event_id`, else at `since`, else now. A parameter that is said to be of
    one topic does not restrict the others. Of trends and alerts, which have one subject, `keyword` and `symbol` are
    alternatives. First comes `open`, now and then `heartbeat` with the position, `reset` where something cannot be given
    any more, `close` with a reason. An alert of a rule that belongs to somebody
    is shown to him alone.
    """
    parameters = read(StreamParameters, request.query_params)
    own = services(request)
    if own.hub.draining:
        raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
    identity_of(request).require(of_topics(parameters.topics))
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="text/event-stream")
    place = own.admission.enter(request.client.host if request.client else "")
    try:
        return await _opened(request, own, place, parameters)
    except BaseException:
        place.leave()
        raise


async def _opened(request: Request, own: Services, place: Place, parameters: StreamParameters) -> Response:
    made = await opening(own, parameters, request.headers.get("last-event-id"), identity_of(request))
    return StreamResponse(own.settings, place, made.stream, made.start, made.said)
