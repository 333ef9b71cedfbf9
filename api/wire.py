"""The socket under a streaming answer: frames go to uvicorn's transport themselves, not through ASGI's `send`.

`send` costs a task's turn and two coroutines for each write to each client; a write to the transport costs a system call (ADR 20).

From `begin` on the connection is the stream's alone: ASGI's task ends when the past is replayed, so that a client who listens holds
neither a task nor what was made of its request, and what it still sends is not read. It ends with the stream.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from api.frames import Batch
from api.subscription import LOW_WATER, CloseReason

if TYPE_CHECKING:
    from api.protocol import StreamingProtocol

EXTENSION = "denyut.wire"
"""The key of the connection's Wire in `scope["extensions"]`."""
_LAST_CHUNK = b"0\r\n\r\n"
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)
"""What the kernel says in place of a timeout where the network has said that nobody is there."""


def reason_of(error: Exception | None) -> CloseReason:
    """Why a connection has ended: where its peer says so, or goes without answering any more."""
    unanswered = isinstance(error, TimeoutError) or getattr(error, "errno", None) in _UNREACHABLE
    return "vanished" if unanswered else "client"


def bound(transport: asyncio.Transport, buffer_bytes: int, dead_s: float) -> None:
    """The kernel may hold so much for a stream, so that a slow client is noticed; a peer that acknowledges nothing for twice so long is gone.

    Twice: of one that is there and takes nothing the pulse is to tell first.
    """
    transport.set_write_buffer_limits(high=LOW_WATER)
    raw: socket.socket | None = transport.get_extra_info("socket")
    if raw is not None:
        # uvloop's makes a socket of its own for each option, one that first finds out what kind it is.
        own = socket.SocketType(socket.AF_INET, socket.SOCK_STREAM, 0, raw.fileno())
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer_bytes)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(2000 * dead_s))
        own.detach()


class Wire:
    """One connection. A Sink once its answer has begun; until then nothing may be written."""

    __slots__ = ("_gone", "_head", "_protocol", "_transport", "last_id", "lost", "straight", "streams")

    def __init__(self, protocol: "StreamingProtocol") -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._gone: Callable[[CloseReason], None] | None = None
        self._head = b""
        self.lost = False
        self.streams = False
        self.straight = False
        """Whether the door is to be asked (`api/protocol.py`)."""
        self.last_id = ""

    def begin(
        self, fields: bytes, buffer_bytes: int, dead_s: float, gone: Callable[[CloseReason], None]
    ) -> None:
        """From now on this is a stream.

        Args:
            fields: of the answer's head, each with its line's end. The head goes out with the first batch: a write to a
                connection costs more than making what it writes.
            buffer_bytes: what the kernel may hold of it (see `bound`).
            dead_s: how soon a peer that is gone is noticed (see `bound`).
            gone: called once when the connection ends, however it ends, with the reason.
        """
        self._gone = gone
        self.streams = True
        self._head = self._protocol.let_go(fields)
        if self._transport.is_closing():
            # Its client left while it was opened: whoever answers sees that it is lost.
            self.lost = True
            return
        bound(self._transport, buffer_bytes, dead_s)

    def end(self, patience_s: float) -> None:
        """End the answer; the connection closes when its client has taken all, and is dropped where that takes longer."""
        self._gone = None
        if self.lost:
            return
        self.lost = True
        self._transport.write(_LAST_CHUNK)
        self._transport.close()
        if self.waiting():
            asyncio.get_running_loop().call_later(patience_s, self._transport.abort)

    def write(self, batch: Batch) -> None:
        """Send a batch as one chunk."""
        self.last_id = batch.id
        if not self.lost:
            chunk = batch.chunk
            if self._head:
                chunk, self._head = self._head + chunk, b""
            self._transport.write(chunk)

    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Return when little waits, or when the client has gone."""
        await self._protocol.flow.drain()

    def abort(self) -> None:
        """Drop the connection, and all that waits, without a word."""
        self._transport.abort()

    def gone(self, error: Exception | None) -> None:
        """The connection has ended, by an error or without."""
        self.lost = True
        if self._gone is not None:
            told, self._gone = self._gone, None
            told(reason_of(error))
