"""GET /api/v1/stream: the live topics as Server-Sent Events."""

import asyncio
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.admission import Place
from api.parameters import StreamParameters, read
from api.positions import joined
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
    any more, `close` with a reason. Alerts of a rule that belongs to somebody are not shown here.
    """
    parameters = read(StreamParameters, request.query_params)
    own = services(request)
    if own.hub.draining:
        raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="text/event-stream")
    place = own.admission.enter(request.client.host if request.client else "")
    try:
        return await _opened(request, own, place, parameters)
    except BaseException:
        place.leave()
        raise


async def _opened(request: Request, own: Services, place: Place, parameters: StreamParameters) -> Response:
    wanted = parameters.filter()
    given = [one for one in parameters.last_event_id if one]
    requested = request.headers.get("last-event-id") or (joined(given) if given else None)
    start = await _start(own, wanted.topics, requested, parameters.since)
    said: dict[str, Any] = {
        "requested": requested,
        "since": None if requested else parameters.since,
        "filter": parameters.model_dump(include=_NARROWING, exclude_defaults=True),
    }
    made = Stream(own, wanted, conflate=parameters.conflate is not None)
    return StreamResponse(own.settings, place, made, start, said)


async def _start(own: Services, topics: tuple[str, ...], requested: str | None, since: int | None) -> Start:
    if requested is not None:
        return await own.starts.after(topics, requested)
    if since is not None:
        return await own.starts.since(topics, since)
    return own.starts.now(topics)


_NARROWING = {
    "keyword",
    "platform",
    "sentiment",
    "symbol",
    "language",
    "window",
    "kind",
    "rule",
    "alert",
    "severity",
    "min_score",
    "text",
    "conflate",
}
