"""The socket under a WebSocket: the stream's frames as messages, written to uvicorn's transport itself (as api/wire.py does).

What is used of uvicorn besides its documented interface, read in 0.54 (pinned; tests/unit/test_ws_wire.py fails when it changes):
`WebSocketsSansIOProtocol` with its attributes `scope`, `transport`, `conn`, `writable`, `close_sent` and `disconnected`, its callback
`handle_connect`, which makes the scope, `keepalive_timeout`, called when a ping is not answered, and `connection_lost`, its `shutdown`, called when
the server ends, and that what it sends is on the transport when `send` returns.
"""

from functools import lru_cache
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.http11 import Request

from api.frames import Batch, Frame
from api.subscription import CloseReason
from api.wire import EXTENSION, bound, reason_of

MAX_MESSAGE = 4096
"""Bytes of a client's message: none is expected."""
_FULL = 262_144
"""Bytes of a message that takes no further event: clients refuse large ones, many from 1 MiB on."""


class WebSocketWire:
    """One connection. A Sink once it is accepted; until then nothing may be written."""

    __slots__ = ("_protocol", "last_id", "left")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self.left: CloseReason = "client"
        self.last_id = ""

    def begin(self, buffer_bytes: int, dead_s: float) -> None:
        """From now on this is a stream (see `bound`; pings are unanswered sooner)."""
        bound(self._protocol.transport, buffer_bytes, dead_s)

    @property
    def lost(self) -> bool:
        """Whether the client has gone, or said that it goes."""
        return (
            self._protocol.disconnected or self._protocol.close_sent or self._protocol.transport.is_closing()
        )

    def write(self, batch: Batch) -> None:
        """Send a batch, as one message unless it is large."""
        self.last_id = batch.id
        if not self.lost:
            self._protocol.transport.write(messages(batch))

    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._protocol.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Return when little waits, or when the client has gone."""
        await self._protocol.writable.wait()

    def abort(self) -> None:
        """Drop the connection, and all that waits, without a word."""
        self._protocol.transport.abort()


class StreamingWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's own, which also hands its connection to the application."""

    _wire: WebSocketWire | None = None

    def handle_connect(self, event: Request) -> None:
        """A handshake begins: its scope carries the connection."""
        super().handle_connect(event)
        if not self.close_sent:
            extensions = cast("dict[str, Any]", self.scope).setdefault("extensions", {})
            extensions[EXTENSION] = self._wire = WebSocketWire(self)

    def shutdown(self) -> None:
        """The server ends. A stream has been told so and closes with its own reason, for which the server waits as for any answer."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()

    def keepalive_timeout(self) -> None:
        """A ping was not answered in time. Who still has something to take may only be slow to come to it."""
        if self._wire is not None:
            self._wire.left = "stalled" if self._wire.waiting() else "vanished"
        super().keepalive_timeout()
        # Nobody answers the farewell either, and a full socket would be waited for.
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        if self._wire is not None and self._wire.left == "client":
            self._wire.left = reason_of(exc)
        super().connection_lost(exc)


@lru_cache(maxsize=16)
def messages(batch: Batch) -> bytes:
    """A batch as text messages in their frames, each a JSON array of `{"id", "event", "data"}`; made once for all who get it."""
    made: list[bytes] = []
    waiting: list[bytes] = []
    size = 0
    for element in map(_element, batch.frames):
        if waiting and size + len(element) > _FULL:
            made.append(_message(waiting))
            waiting, size = [], 0
        waiting.append(element)
        size += len(element)
    made.append(_message(waiting))
    return b"".join(made)


def _message(elements: list[bytes]) -> bytes:
    return WebSocketFrame(Opcode.TEXT, b"[" + b",".join(elements) + b"]").serialize(mask=False)


def _element(one: Frame) -> bytes:
    fields = dict(line.partition(b": ")[::2] for line in one.data.split(b"\n") if line)
    retry = b',"retry":' + fields[b"retry"] if b"retry" in fields else b""
    return b'{"id":"%b","event":"%b"%b,"data":%b}' % (fields[b"id"], fields[b"event"], retry, fields[b"data"])
