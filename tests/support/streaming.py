"""A real uvicorn whose every answer is a stream past ASGI, for tests of the wire."""

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import Receive, Scope, Send

from api.frames import Batch, Frame
from api.protocol import StreamingProtocol
from api.subscription import CloseReason
from api.wire import EXTENSION, Wire
from tests.support.until import until


class Streaming:
    """An application whose every answer is a stream of two chunks past ASGI; one of them stays open when it returns."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.gone = threading.Event()
        self.returned = threading.Event()
        self.waiting: list[int] = []
        self.logged: list[str] = []
        self.loop: asyncio.AbstractEventLoop
        self.big = b""
        self.reasons: list[str] = []
        self.dead_s = 60.0
        self.answers: dict[str, bytes] = {}
        """By path, what is answered by ASGI, as all else is."""
        self.scopes: list[Scope] = []

    def left(self, reason: CloseReason) -> None:
        self.reasons.append(reason)
        self.gone.set()

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.scopes.append(scope)
        if (body := self.answers.get(scope["path"])) is not None:
            length = str(len(body)).encode()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
            )
            await send({"type": "http.response.body", "body": body})
            return
        self.loop = asyncio.get_running_loop()
        wire: Wire = scope["extensions"][EXTENSION]
        self.wires.append(wire)
        wire.begin(b"x-said: once\r\n", 8192, self.dead_s, self.left)
        wire.write(Batch([Frame("1", b"a\n\n"), Frame("2", b"b\n\n")]))
        wire.write(Batch([Frame("3", b"c\n\n")]))
        if scope["path"] == "/big":
            wire.write(Batch([Frame("4", self.big)]))
            self.waiting.append(wire.waiting())
        if scope["path"] != "/stay":
            wire.end(60)
            wire.write(Batch([Frame("5", b"after the end\n\n")]))
        self.loop.call_later(0.05, self.returned.set)


@contextmanager
def running(config: uvicorn.Config) -> Iterator[int]:
    """The port at which a uvicorn of that configuration is served, in a thread; it must have ended when it is told to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        until(lambda: server.started, "the server is started", 30)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(30)
        assert not thread.is_alive()


class _Hearing(logging.Handler):
    """Hands on what is logged."""

    def __init__(self, app: Streaming) -> None:
        super().__init__(logging.WARNING)
        self._app = app

    def emit(self, record: logging.LogRecord) -> None:
        self._app.logged.append(record.getMessage())


@contextmanager
def serving(app: Streaming, protocol: type[StreamingProtocol] = StreamingProtocol) -> Iterator[int]:
    """The port it is served at; what uvicorn warns of is in `app.logged`. Its streams are ended at the end."""
    errors, hearing = logging.getLogger("uvicorn.error"), _Hearing(app)
    errors.addHandler(hearing)
    with running(uvicorn.Config(app, http=protocol, lifespan="off", log_config=None)) as port:
        yield port
        for wire in app.wires:
            app.loop.call_soon_threadsafe(wire.end, 5)
    errors.removeHandler(hearing)


def get(port: int, path: str) -> http.client.HTTPConnection:
    """A connection that has asked for a path."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection
