"""`POST /ingest`: token, signature, posts; answered once Kafka has them."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from producers.base import Item
from producers.clock import now_ms
from producers.webhook.incoming import Incoming, as_post, raw
from producers.webhook.intake import Delivered, Intake
from producers.webhook.senders import Sender, who
from producers.webhook.signing import SIGNATURE, TIME, Unsigned, Used, verify

_RETRY_S = 5
_TOLD_ERRORS = 20
_ORIGIN_CHARACTERS = 300


class Refusal(Exception):  # noqa: N818 -- named for what it says
    """The request is answered with `status`, and nothing of it was taken."""

    def __init__(
        self, status: int, detail: Sequence[object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.detail = detail
        self.headers = headers


class Ingest:
    """The endpoint. 202 means that Kafka has acknowledged every post; with any other answer none need be there.

    401: token, time or signature is wrong. 408: the body did not come in time. 409: the signature was used before. 413: more
    than `max_bytes`. 422: what of the body is wrong. 503: not now; the same posts may be sent again, and count once.
    """

    def __init__(
        self, senders: Sequence[Sender], intake: Intake, collector: str, max_bytes: int, wait_s: float
    ) -> None:
        self._senders = senders
        self._intake = intake
        self._collector = collector
        self._max_bytes = max_bytes
        self._wait_s = wait_s
        self._used = Used()

    async def post(self, request: Request) -> Response:
        """Take what was sent."""
        sender, given, items = await self._read(request)
        if not self._used.take(given, time.time()):
            raise _refusal(409, "this request was sent before")
        delivered = Delivered(items)
        if not self._intake.offer(delivered) or not await delivered.wait(self._wait_s):
            self._used.give_back(given)
            raise _refusal(503, "not acknowledged; send it again", {"Retry-After": str(_RETRY_S)})
        return JSONResponse({"accepted": len(items), "source": sender.name}, 202)

    async def _read(self, request: Request) -> tuple[Sender, str, list[Item]]:
        """(who sent it, its signature, its posts); raises Refusal."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        sender = who(self._senders, token)
        if sender is None:
            raise _refusal(401, "no token that is known", {"WWW-Authenticate": "Bearer"})
        try:
            async with asyncio.timeout(self._wait_s):
                body = await self._body(request)
        except TimeoutError:
            raise _refusal(408, "the body did not come in time") from None
        given = request.headers.get(SIGNATURE, "")
        try:
            verify(sender.key.get_secret_value(), request.headers.get(TIME, ""), given, body, time.time())
            incoming = Incoming.model_validate_json(body)
        except Unsigned as error:
            raise _refusal(401, str(error)) from None
        except ValidationError as error:
            told = error.errors(include_url=False, include_context=False, include_input=False)
            raise Refusal(422, told[:_TOLD_ERRORS]) from None
        now = now_ms()
        origin = f"{self._collector}:{sender.name}:"
        items = [
            Item(
                "posts",
                as_post(one, sender, self._collector, now),
                f"{origin}{one.id}"[:_ORIGIN_CHARACTERS],
                raw(one),
            )
            for one in incoming.posts
        ]
        return sender, given, items

    async def _body(self, request: Request) -> bytes:
        """The body; raises Refusal where it is too large, before it is all there."""
        stated = request.headers.get("content-length", "0")
        too_large = _refusal(413, f"more than {self._max_bytes} bytes")
        if stated.isascii() and stated.isdigit() and int(stated) > self._max_bytes:
            raise too_large
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > self._max_bytes:
                    raise too_large
        except ClientDisconnect:
            raise _refusal(408, "the body ended early") from None
        return bytes(body)


def application(ingest: Ingest) -> Starlette:
    """What is served."""
    return Starlette(
        routes=[Route("/ingest", ingest.post, methods=["POST"]), Route("/health", _health)],
        exception_handlers={Refusal: _refused},
    )


async def _health(request: Request) -> Response:  # noqa: ARG001 -- as a route is
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, error: Exception) -> Response:  # noqa: ARG001 -- as a handler is
    assert isinstance(error, Refusal)  # noqa: S101 -- it is registered for these alone
    return JSONResponse({"detail": error.detail}, error.status, error.headers)


def _refusal(status: int, why: str, headers: Mapping[str, str] | None = None) -> Refusal:
    return Refusal(status, [{"loc": [], "msg": why, "type": "refused"}], headers)
