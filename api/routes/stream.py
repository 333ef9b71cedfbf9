"""GET /api/v1/stream: the live topics as Server-Sent Events."""

from typing import Any

import anyio
import structlog
from sse_starlette import EventSourceResponse
from sse_starlette.sse import SendTimeoutError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.parameters import StreamParameters, read
from api.positions import joined
from api.resume import Start
from api.services import Services, services
from api.stream import Stream
from schemas.errors import Backpressure

log = structlog.get_logger()

PARAMETERS = StreamParameters


class StreamResponse(EventSourceResponse):
    """An EventSourceResponse whose client may stall: that ends the stream, it is no error of ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            log.info("client_stalled", client=scope.get("client"))


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
    wanted = parameters.filter()
    given = [one for one in parameters.last_event_id if one]
    requested = request.headers.get("last-event-id") or (joined(given) if given else None)
    start = await _start(own, wanted.topics, requested, parameters.since)
    opening: dict[str, Any] = {
        "requested": requested,
        "since": None if requested else parameters.since,
        "filter": parameters.model_dump(include=_NARROWING, exclude_defaults=True),
    }
    chunks = Stream(own.settings, own.hub, own.pool, own.starts, wanted).chunks(start, opening)
    return StreamResponse(
        chunks,
        ping=0,
        sep="\n",
        send_timeout=own.settings.stream_send_timeout_s,
        shutdown_event=anyio.Event(),
        shutdown_grace_period=own.settings.drain_s,
    )


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
}
