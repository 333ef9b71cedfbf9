"""What others would write: an sse-starlette broadcast, bare ASGI, and as the floor a protocol that only writes to its sockets.

`GET /feed?rate=N` makes them send N events a second to every client: their events are made in the process, no Kafka is read,
which is in their favour.
"""

import argparse
import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, cast

import uvicorn
import uvloop
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.open_files import raise_open_files
from tests.bench._sse_event import as_json

_TICK_S = 0.001
_OPEN = b"event: open\ndata: {}\n\n"
_FEEDS: set["asyncio.Task[None]"] = set()


def feed(rate: float, send: Callable[[int, str], None]) -> None:
    """Send so many events a second from now on."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in itertools.count():
            due = began + number / rate
            if (wait := due - loop.time()) > _TICK_S:
                await asyncio.sleep(wait)
            elif number % 10 == 0:
                await asyncio.sleep(0)
            send(number, as_json(number))

    _FEEDS.add(asyncio.create_task(run()))


def frame(number: int, data: str) -> bytes:
    """An event in the bytes of the event stream."""
    return f"id: {number}\nevent: mentions\ndata: {data}\n\n".encode()


def broadcast() -> Starlette:
    """sse-starlette as its documentation shows it: a queue for each client, a dict for each event."""
    queues: set[asyncio.Queue[dict[str, Any]]] = set()

    async def events(queue: asyncio.Queue[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
        queues.add(queue)
        try:
            yield {"event": "open", "data": "{}"}
            while True:
                yield await queue.get()
        finally:
            queues.discard(queue)

    async def stream(_: Request) -> Response:
        return EventSourceResponse(events(asyncio.Queue()))

    def send(number: int, data: str) -> None:
        for queue in queues:
            queue.put_nowait({"id": str(number), "event": "mentions", "data": data})

    async def begin(request: Request) -> Response:
        feed(float(request.query_params["rate"]), send)
        return Response()

    return Starlette(routes=[Route("/stream", stream), Route("/feed", begin)])


Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_QUEUES: set[asyncio.Queue[bytes]] = set()


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI without a framework: each event is encoded once, each client has a queue of bytes."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/feed":
        feed(float(scope["query_string"].decode().partition("=")[2]), _put)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        return
    queue: asyncio.Queue[bytes] = asyncio.Queue()
    _QUEUES.add(queue)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _OPEN, "more_body": True})
        while not gone.done():
            await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
    finally:
        gone.cancel()
        _QUEUES.discard(queue)


def _put(number: int, data: str) -> None:
    made = frame(number, data)
    for queue in _QUEUES:
        queue.put_nowait(made)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class Floor(asyncio.Protocol):
    """Answers anything with a head, then writes each event to each transport."""

    transports: set[asyncio.Transport]

    def __init__(self, transports: set[asyncio.Transport]) -> None:
        self.transports = transports

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember it."""
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer."""
        if data.startswith(b"GET /feed"):
            feed(float(data.partition(b"rate=")[2].split()[0]), self._send)
            self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            return
        self.transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + _OPEN)
        self.transports.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self.transports.discard(self.transport)

    def _send(self, number: int, data: str) -> None:
        made = frame(number, data)
        for transport in self.transports:
            transport.write(made)


async def floor(port: int) -> None:
    """Serve until killed."""
    transports: set[asyncio.Transport] = set()
    server = await asyncio.get_running_loop().create_server(
        lambda: Floor(transports), "127.0.0.1", port, backlog=2048
    )
    await server.serve_forever()


def main() -> int:
    """Serve one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["sse_starlette", "bare_asgi", "floor"])
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    raise_open_files()
    if given.name == "floor":
        uvloop.run(floor(given.port))
        return 0
    app: Any = broadcast() if given.name == "sse_starlette" else bare
    uvicorn.run(app, port=given.port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
