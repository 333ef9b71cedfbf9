"""The socket under a streaming answer: frames go to uvicorn's transport themselves, not through ASGI's `send`.

`send` costs a task's turn and two coroutines for each write to each client; a write to the transport costs a system call (ADR 20).

What is used of uvicorn besides its documented interface, read in 0.54 (pinned; tests/unit/test_wire.py fails when it changes):
`HttpToolsProtocol` with its attributes `scope`, `transport` and `flow`, its callback `on_message_begin`, which makes the scope, and
that an answer without content-length is sent in chunked coding, its head at once.
"""

import socket
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.frames import Batch
from api.subscription import LOW_WATER

EXTENSION = "denyut.wire"
"""The key of the connection's Wire in `scope["extensions"]`."""


class Wire:
    """One connection. A Sink once its answer has begun; until then nothing may be written."""

    __slots__ = ("_gone", "_protocol", "_transport", "last_id", "lost")

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._gone: Callable[[], None] | None = None
        self.lost = False
        self.last_id = ""

    def begin(self, buffer_bytes: int, dead_s: float, gone: Callable[[], None]) -> None:
        """From now on this is a stream.

        Args:
            buffer_bytes: what the kernel may hold of it, so that a slow client is noticed.
            dead_s: a peer that acknowledges nothing for twice as long is gone, even if it never said so. Twice: of one that
                is there and takes nothing the pulse is to tell first.
            gone: called once when the connection ends, however it ends.
        """
        self._gone = gone
        self._transport.set_write_buffer_limits(high=LOW_WATER)
        raw: socket.socket | None = self._transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(2000 * dead_s))

    def end(self) -> None:
        """It is no stream any more: nobody is told of its end."""
        self._gone = None

    def write(self, batch: Batch) -> None:
        """Send a batch as one chunk."""
        self.last_id = batch.id
        if not self.lost:
            self._transport.write(batch.chunk)

    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Return when little waits, or when the client has gone."""
        await self._protocol.flow.drain()

    def abort(self) -> None:
        """Drop the connection, and all that waits, without a word."""
        self._transport.abort()

    def gone(self) -> None:
        """The connection has ended."""
        self.lost = True
        if self._gone is not None:
            told, self._gone = self._gone, None
            told()


class StreamingProtocol(HttpToolsProtocol):
    """uvicorn's own, which also hands its connection to the application."""

    _wire: Wire | None = None

    def on_message_begin(self) -> None:
        """A request begins: its scope carries the connection."""
        super().on_message_begin()
        if self._wire is None:
            self._wire = Wire(self)
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: self._wire}

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended: the stream on it is told at once, not at its next write."""
        super().connection_lost(exc)
        if self._wire is not None:
            self._wire.gone()
