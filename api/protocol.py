"""uvicorn's protocol, which hands connections to streams: by the application, or, where nothing has to be waited for, at the door.

A stream that is begun by a `Door`, as soon as its request is read, never has a task or an ASGI scope.

What is used of uvicorn besides its documented interface, read in 0.54 (pinned; tests/unit/test_wire.py and test_wire_door.py fail when it changes):
`HttpToolsProtocol` with its attributes `url`, `headers`, `expect_100_continue`, `client`, `server`, `scheme`, `root_path`, `scope`, `parser`, `cycle`,
`transport`, `connections` and `flow`, which are all that its `connection_made` sets, the fields that `server_state` has for every answer (the date), its callbacks `on_message_begin`, which makes the scope around
`headers`, `on_headers_complete`, which asks the application and may be called when all of the message is read, `on_body`,
`on_message_complete`, `data_received`, `send_400_response` and `shutdown`; that whatever it puts before an application reads nothing but
X-Forwarded-*; and that it leaves alone an answer whose cycle has `response_started` and `response_complete`, also when the task ends.
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import structlog
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import get_local_addr, is_ssl

from api.wire import EXTENSION, Wire

log = structlog.get_logger()

PATH = b"/api/v1/stream"
REFUSED = "refused"
"""Where the state of a request for a stream has what refused it, once that is known."""
_LONG_WAY = (
    b"last-event-id",
    b"content-length",
    b"transfer-encoding",
    b"x-forwarded-for",
    b"x-forwarded-proto",
)
"""Fields of a request that only the application understands, or for which it has to wait."""
_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = b"transfer-encoding: chunked\r\n\r\n"

Door = Callable[[Wire, str, bytes, list[tuple[bytes, bytes]]], None]
"""Begins a stream, given its wire, the client's address, the query and the fields of the request; or does nothing where something has to be
waited for. Raises what refuses it."""


class StreamingProtocol(HttpToolsProtocol):
    """uvicorn's own, which also hands its connection to the application; who asks for a stream of now is let in by the door."""

    door: Door | None = None
    _wire: Wire | None = None
    """All that is kept of ours: with two attributes more Python would keep a whole dictionary for each connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As uvicorn's, but what only a scope has is found out for a scope: each question of the socket takes as long as reading the request."""
        self.connections.add(self)
        self.transport = cast("asyncio.Transport", transport)
        self.flow = FlowControl(self.transport)
        peer = transport.get_extra_info("peername")
        self.client = (str(peer[0]), int(peer[1])) if peer else None

    def on_message_begin(self) -> None:
        """A request begins. Its scope is made when the application has to be asked."""
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        """The door is asked once all of the request is read, for from then on nothing of it is looked at any more."""
        if self._streaming():
            return
        if self._wire is None:
            self._wire = Wire(self)
        self._wire.straight = self._may_go_straight()
        if not self._wire.straight:
            self._ask(None)

    def on_body(self, body: bytes) -> None:
        """A part of the body. One that comes after a stream has begun is nobody's."""
        if not self._streaming():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """All of the request is read."""
        wire = cast("Wire", self._wire)
        if wire.straight and not wire.streams:
            refused = self._opened(wire)
            if not self._streaming():
                self._ask(refused)
        if not self._streaming():
            super().on_message_complete()

    def _streaming(self) -> bool:
        return self._wire is not None and self._wire.streams

    def _may_go_straight(self) -> bool:
        parser, cycle = self.parser, cast("RequestResponseCycle | None", self.cycle)
        return (
            self.door is not None
            and self.url.partition(b"?")[0] == PATH
            and parser.get_method() == b"GET"
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and not self.root_path
            and not self.expect_100_continue
            and (cycle is None or cycle.response_complete)
            and not any(name in _LONG_WAY for name, _ in self.headers)
        )

    def _opened(self, wire: Wire) -> Exception | None:
        """Ask the door; what refuses the request is returned."""
        door = cast("Door", self.door)
        try:
            door(wire, self.client[0] if self.client else "", self.url.partition(b"?")[2], self.headers)
        except Exception as error:
            # The application raises it again, where all errors become answers; once a stream has begun nobody can answer.
            if wire.streams:
                log.exception("stream_failed", client=self.client)
            return error
        return None

    def _ask(self, refused: Exception | None) -> None:
        """Let the application answer: the request's scope carries the connection."""
        if self.scheme is None:
            self.server = get_local_addr(self.transport)
            self.scheme = "https" if is_ssl(self.transport) else "http"
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"] = {EXTENSION: self._wire}
        if refused is not None:
            scope["state"][REFUSED] = refused
        super().on_headers_complete()

    def let_go(self, fields: bytes) -> bytes:
        """The answer is no business of uvicorn's any more, and what it knows of the request is not needed. Its head, with these fields."""
        if (cycle := cast("RequestResponseCycle | None", self.cycle)) is not None:
            cycle.response_started = cycle.response_complete = True
        blank = cast("Any", self)
        blank.cycle = blank.scope = blank.headers = blank.parser = None
        return _head(tuple(self.server_state.default_headers), fields)

    def data_received(self, data: bytes) -> None:
        """A request, unless a stream is being answered."""
        if not self._streaming():
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """What follows a request is none. It is not said into a stream."""
        if not self._streaming():
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """The server ends. A stream has been told so, and ends with its own reason."""
        if not self._streaming():
            super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended: the stream on it is told at once, not at its next write."""
        super().connection_lost(exc)
        if self._wire is not None:
            self._wire.gone(exc)


@lru_cache(maxsize=8)
def _head(given: tuple[tuple[bytes, bytes], ...], fields: bytes) -> bytes:
    """An answer's head: it changes with the date, once a second."""
    return b"".join((_OK, *(b"%b: %b\r\n" % field for field in given), fields, _CHUNKED))
