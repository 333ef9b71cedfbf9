"""What api/ws_wire.py relies on in uvicorn, over a real socket: a new version that changes it must not go unnoticed."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from api.frames import Batch, frame
from api.protocol import StreamingProtocol
from api.wire import EXTENSION
from api.ws_wire import StreamingWebSocket, WebSocketWire
from tests.support.streaming import running


class Streaming:
    """An application that accepts, writes past ASGI, then waits for the client to go."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.batches: list[Batch] = []
        self.done = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wire: WebSocketWire = scope["extensions"][EXTENSION]
        await receive()
        await send({"type": "websocket.accept"})
        wire.begin(8192, 60)
        for batch in self.batches:
            wire.write(batch)
        self.seen += [wire.last_id, wire.waiting() > 0, wire.lost]
        if scope["path"] == "/abort":
            drained = asyncio.create_task(wire.drain())
            await asyncio.sleep(0)
            self.seen.append(drained.done())
            wire.abort()
            await drained
        if scope["path"] == "/close":
            await send({"type": "websocket.close", "code": 4000, "reason": "done"})
            self.seen.append(wire.lost)
            # Nothing may follow a close.
            wire.write(self.batches[0])
        await receive()
        self.seen.append(wire.lost)
        self.done.set()


@pytest.fixture
def served() -> Iterator[tuple[Streaming, str]]:
    app = Streaming()
    config = uvicorn.Config(
        app,
        http=StreamingProtocol,
        ws=StreamingWebSocket,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
    )
    with running(config) as port:
        yield app, f"ws://127.0.0.1:{port}"


def batch(*numbers: int, text: str = "") -> Batch:
    return Batch(
        [frame("mentions", f"p{one}", json.dumps({"n": one, "text": text}).encode()) for one in numbers]
    )


def test_a_batch_is_a_message_and_a_large_one_several(served: tuple[Streaming, str]) -> None:
    app, url = served
    app.batches = [batch(1, 2), batch(*range(3, 13), text="x" * 60_000)]
    with connect(url, proxy=None) as client:
        messages = [json.loads(client.recv(timeout=30)) for _ in range(4)]
    assert [len(one) for one in messages] == [2, 4, 4, 2]
    events = [event for one in messages for event in one]
    assert [one["data"]["n"] for one in events] == list(range(1, 13))
    assert [one["id"] for one in events] == [f"p{one}" for one in range(1, 13)]
    assert {one["event"] for one in events} == {"mentions"}
    assert app.done.wait(30)
    assert app.seen == ["p12", True, False, True]


def test_what_waits_for_who_does_not_read_is_told_and_dropped(served: tuple[Streaming, str]) -> None:
    app, url = served
    app.batches = [batch(1, text="x" * 5_000_000)]
    with connect(f"{url}/abort", proxy=None, max_queue=1):
        assert app.done.wait(30)
    assert app.seen == ["p1", True, False, False, True]


def test_nothing_is_written_after_a_close(served: tuple[Streaming, str]) -> None:
    app, url = served
    app.batches = [batch(1)]
    with connect(f"{url}/close", proxy=None) as client:
        client.recv(timeout=30)
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=30)
        assert client.close_code == 4000
    assert app.done.wait(30)
    assert app.seen == ["p1", False, False, True, True]


def test_a_retry_is_kept(served: tuple[Streaming, str]) -> None:
    app, url = served
    app.batches = [Batch([frame("open", "p", b'{"a":"b: c"}', 50)])]
    with connect(url, proxy=None) as client:
        assert json.loads(client.recv(timeout=30)) == [
            {"id": "p", "event": "open", "retry": 50, "data": {"a": "b: c"}}
        ]
