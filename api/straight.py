"""The event stream's own way in, past the layers of the application: an opening takes a tenth less without them (ADR 20)."""

from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.scopes import of_topics
from api.admission import Place
from api.asked import asked
from api.headers import RAW as SECURITY
from api.opening import Opening, opening
from api.requests import count_answer
from api.routes.stream import HEADERS, PATH, REFUSED
from api.services import Services
from api.subscription import CloseReason
from api.wire import EXTENSION, Wire
from schemas.errors import Backpressure

_FIELDS = b"".join(
    b"%b: %b\r\n" % field
    for field in (
        *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
        (b"content-type", b"text/event-stream; charset=utf-8"),
        *SECURITY,
    )
)


class StraightToStream:
    """ASGI middleware, the outermost: opens streams, and lets the application say why one is refused, as it says it of all else."""

    def __init__(self, app: ASGIApp, own: Services) -> None:
        self._app = app
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer: returns when the past is sent; from then on the hub writes."""
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        try:
            place, made = await self._opened(scope)
        except Exception as error:  # noqa: BLE001 -- the route raises it again, where all errors become answers
            scope.setdefault("state", {})[REFUSED] = error
            await self._app(scope, receive, send)
            return
        count_answer(PATH, 200)
        settings = self._own.settings
        wire: Wire = scope["extensions"][EXTENSION]
        stall_s = settings.stream_send_timeout_s
        try:
            wire.begin(_FIELDS, settings.stream_socket_bytes, stall_s, made.stream.gone)
        except BaseException:
            place.leave()
            raise
        await made.stream.begin(wire, made.start, made.said, partial(_ended, place, wire, stall_s))

    async def _opened(self, scope: Scope) -> tuple[Place, Opening]:
        """A place that is taken, and what begins there. Raises what refuses it."""
        own = self._own
        headers = Headers(scope=scope)
        asks = own.gate.identity(headers, scope["query_string"])
        wanted = asked(scope["query_string"])
        if own.hub.draining:
            raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
        asks.require(of_topics(wanted.parameters.topics))
        client = scope["client"]
        place = own.admission.enter(client[0] if client else "", asks.user)
        try:
            return place, await opening(own, wanted, headers.get("last-event-id"), asks)
        except BaseException:
            place.leave()
            raise


def _ended(place: Place, wire: Wire, patience_s: float, _: CloseReason) -> None:
    place.leave()
    wire.end(patience_s)
