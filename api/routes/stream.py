"""GET /api/v1/stream: the live topics as Server-Sent Events."""

from starlette.requests import Request
from starlette.responses import Response

from api.access.guard import identity_of
from api.asked import asked
from api.parameters import StreamParameters
from api.protocol import PATH as RAW_PATH
from api.protocol import REFUSED

PATH = RAW_PATH.decode()
PARAMETERS = StreamParameters
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "Connection": "close"}
"""Nothing between us and the client may keep it or wait for more of it; the connection ends with it."""


async def stream(request: Request) -> Response:
    """The live topics as Server-Sent Events, each with an id that goes on exactly after it.

    Starts after Last-Event-ID, else after `last_event_id`, else at `since`, else now. A parameter that is said to be of
    one topic does not restrict the others. Of trends and alerts, which have one subject, `keyword` and `symbol` are
    alternatives. First comes `open`, now and then `heartbeat` with the position, `reset` where something cannot be given
    any more, `close` with a reason. An alert of a rule that belongs to somebody
    is shown to him alone.
    """
    # Who may come in never comes here: what is left is to say why not, and what HEAD asks for.
    refused: Exception | None = request.scope["state"].pop(REFUSED, None)
    if refused is not None:
        raise refused
    identity_of(request).require(asked(request.scope["query_string"]).scopes)
    return Response(headers=HEADERS, media_type="text/event-stream")
