"""The event stream's own ways in, past the layers of the application: an opening takes a third less without them (ADR 20)."""

from collections.abc import Callable
from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.access.identity import Identity
from api.admission import Place
from api.asked import Asked, asked
from api.headers import RAW as SECURITY
from api.opening import Opening, opening, opening_now
from api.protocol import REFUSED
from api.requests import count_answer
from api.routes.stream import HEADERS, PATH
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


def door(own: Services, wire: Wire, client: str, query: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    """Begin a stream of now, whose request is read: without a task, for nothing is waited for. See `api.protocol.Door`."""
    asks, wanted = _asked(own, Headers(raw=fields), query)
    if wanted.resumes:
        return
    place = own.admission.enter(client, asks.user)
    try:
        made = opening_now(own, wanted, asks)
        done = _begun(own, wire, place, made)
    except BaseException:
        place.leave()
        raise
    made.stream.begin_now(wire, made.start, made.said, done)


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
        state = scope.setdefault("state", {})
        if REFUSED in state:
            await self._app(scope, receive, send)
            return
        try:
            place, made = await self._opened(scope)
        except Exception as error:  # noqa: BLE001 -- the route raises it again, where all errors become answers
            state[REFUSED] = error
            await self._app(scope, receive, send)
            return
        wire: Wire = scope["extensions"][EXTENSION]
        try:
            done = _begun(self._own, wire, place, made)
        except BaseException:
            place.leave()
            raise
        await made.stream.begin(wire, made.start, made.said, done)

    async def _opened(self, scope: Scope) -> tuple[Place, Opening]:
        """A place that is taken, and what begins there. Raises what refuses it."""
        own, headers, client = self._own, Headers(scope=scope), scope["client"]
        asks, wanted = _asked(own, headers, scope["query_string"])
        place = own.admission.enter(client[0] if client else "", asks.user)
        try:
            return place, await opening(own, wanted, headers.get("last-event-id"), asks)
        except BaseException:
            place.leave()
            raise


def _asked(own: Services, headers: Headers, query: bytes) -> tuple[Identity, Asked]:
    """Who asks, and for what. Raises what refuses it."""
    asks = own.gate.identity(headers, query)
    wanted = asked(query)
    if own.hub.draining:
        raise Backpressure("shutting down", retry_after=own.settings.stream_retry_ms / 1000)
    asks.require(wanted.scopes)
    return asks, wanted


def _begun(own: Services, wire: Wire, place: Place, made: Opening) -> Callable[[CloseReason], object]:
    """The answer begins; what is to be called at its end."""
    settings = own.settings
    stall_s = settings.stream_send_timeout_s
    wire.begin(_FIELDS, settings.stream_socket_bytes, stall_s, made.stream.gone)
    count_answer(PATH, 200)
    return partial(_ended, place, wire, stall_s)


def _ended(place: Place, wire: Wire, patience_s: float, _: CloseReason) -> None:
    place.leave()
    wire.end(patience_s)
