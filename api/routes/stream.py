"""GET /api/v1/stream: the live topics as Server-Sent Events."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.access.guard import identity_of
from api.access.scopes import of_topics
from api.admission import Place
from api.asked import Asked, asked
from api.opening import opening
from api.parameters import StreamParameters
from api.resume import Start
from api.services import Services, services
from api.settings import ApiSettings
from api.stream import Stream
from api.subscription import CloseReason
from api.wire import EXTENSION, Wire
from schemas.errors import Backpressure

PARAMETERS = StreamParameters
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"}
"""Nothing between us and the client may keep it or wait for more of it; the connection ends with it."""
_RAW_HEADERS = [
    *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
    (b"content-type", b"text/event-stream; charset=utf-8"),
]


class StreamResponse(Response):
    """An answer that writes to its socket itself, from its head to its end."""

    def __init__(
        self, settings: ApiSettings, place: Place, made: Stream, start: Start, said: Mapping[str, Any]
    ) -> None:
        self.raw_headers = _RAW_HEADERS
        self._settings = settings
        self._place = place
        self._stream = made
        self._start = start
        self._said = said

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer: returns when the past is sent; from then on the hub writes."""
        wire: Wire = scope["extensions"][EXTENSION]
        try:
            await wire.head(send, self.raw_headers)
        except BaseException:
            self._place.leave()
            raise
        stall_s = self._settings.stream_send_timeout_s
        wire.begin(self._settings.stream_socket_bytes, stall_s, self._stream.gone)
        await self._stream.begin(wire, self._start, self._said, partial(_ended, self._place, wire, stall_s))


def _ended(place: Place, wire: Wire, patience_s: float, _: CloseReason) -> None:
    place.leave()
    wire.end(patience_s)


async def stream(request: Request) -> Response:
    """The live topics as Server-Sent Events, each with an id that goes on exactly after it.

    Starts after Last-Event-ID, else after `last_event_id`, else at `since`, else now. A parameter that is said to be of
    one topic does not restrict the others. Of trends and alerts, which have one subject, `keyword` and `symbol` are
    alternatives. First comes `open`, now and then `heartbeat` with the position, `reset` where something cannot be given
    any more, `close` with a reason. An alert of a rule that belongs to somebody
    is shown to him alone.
    """
    wanted = asked(request.scope["query_string"])
    own = services(request)
    if own.hub.draining:
        raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
    identity_of(request).require(of_topics(wanted.parameters.topics))
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type="text/event-stream")
    place = own.admission.enter(request.client.host if request.client else "", identity_of(request).user)
    try:
        return await _opened(request, own, place, wanted)
    except BaseException:
        place.leave()
        raise


async def _opened(request: Request, own: Services, place: Place, wanted: Asked) -> Response:
    made = await opening(own, wanted, request.headers.get("last-event-id"), identity_of(request))
    return StreamResponse(own.settings, place, made.stream, made.start, made.said)
