"""What api/wire.py relies on in uvicorn, over a real socket: a new version that changes it must not go unnoticed."""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api.frames import Batch, Frame
from api.wire import EXTENSION, StreamingProtocol, Wire


class Streaming:
    """An application whose every answer is a stream of two chunks past ASGI, then waits for the client to go."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.gone = threading.Event()
        self.waiting: list[int] = []
        self.big = b""

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        wire: Wire = scope["extensions"][EXTENSION]
        self.wires.append(wire)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        lost = asyncio.Event()

        def told() -> None:
            self.gone.set()
            lost.set()

        wire.begin(8192, 5, told)
        wire.write(Batch([Frame("1", b"a\n\n"), Frame("2", b"b\n\n")]))
        wire.write(Batch([Frame("3", b"c\n\n")]))
        if scope["path"] == "/big":
            wire.write(Batch([Frame("4", self.big)]))
            self.waiting.append(wire.waiting())
        if scope["path"] == "/stay":
            await lost.wait()
        wire.end()
        await send({"type": "http.response.body"})


@pytest.fixture
def served() -> Iterator[tuple[Streaming, int]]:
    app = Streaming()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, http=StreamingProtocol, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield app, listener.getsockname()[1]
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def get(port: int, path: str) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    return connection


def test_what_is_written_past_asgi_is_one_answer_with_what_is_sent(served: tuple[Streaming, int]) -> None:
    app, port = served
    connection = get(port, "/")
    answer = connection.getresponse()
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.read() == b"a\n\nb\n\nc\n\n"
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"a\n\nb\n\nc\n\n"
    first, second = app.wires
    assert first is second
    assert first.last_id == "3"
    connection.close()


def test_who_goes_is_noticed_at_once(served: tuple[Streaming, int]) -> None:
    app, port = served
    connection = get(port, "/stay")
    connection.getresponse().read(3)
    assert not app.gone.is_set()
    connection.close()
    assert app.gone.wait(30)
    assert app.wires[0].lost


def test_what_the_client_does_not_read_waits_here_not_in_the_kernel(served: tuple[Streaming, int]) -> None:
    app, port = served
    app.big = b"x" * 8_000_000
    connection = get(port, "/big")
    answer = connection.getresponse()
    assert len(answer.read()) == len(app.big) + 9
    # The reader's own buffer is the kernel's to size; ours was bounded.
    assert app.waiting[0] > 1_000_000
    connection.close()
