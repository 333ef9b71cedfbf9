"""A small SSE client for tests: records every event with its id, can be cut and go on with Last-Event-ID.

It speaks HTTP over a plain socket, so that a cut is a cut, and parses the stream by itself, so that the server and
the test share no code.
"""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

CONTROL = frozenset(["open", "heartbeat", "reset", "close"])


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One dispatched event; `at` is the time of its arrival (time.time)."""

    id: str
    event: str
    data: Any
    at: float


class SseClient:
    """One subscriber over many connections.

    `url` may be a callable, for an api whose address changes. With `follow` it reconnects by itself, at once, until
    stopped; otherwise each connection is opened by `connect`. `keep` makes of an event's data what is recorded of it.
    """

    def __init__(
        self,
        url: str | Callable[[], str],
        query: Mapping[str, str] | None = None,
        *,
        path: str = "/api/v1/stream",
        follow: bool = False,
        headers: Mapping[str, str] | None = None,
        on_event: Callable[[SseEvent], None] | None = None,
        keep: Callable[[Any], Any] | None = None,
    ) -> None:
        self._url = url
        self._path = path
        self._follow = follow
        self._headers = dict(headers or {})
        self._query = dict(query or {})
        self._on_event = on_event
        self._keep = keep or (lambda data: data)
        self._thread: threading.Thread | None = None
        self._link = _Link()
        self._stopping = threading.Event()
        self.events: list[SseEvent] = []
        self.last_id = ""
        self.status = 0
        self.headers: dict[str, str] = {}
        self.connections = 0
        self._opens = 0
        self.body = b""

    def connect(self, last_id: str | None = None) -> "SseClient":
        """Open a connection in the background, with `last_id` or, after the first, with the last id seen."""
        if last_id is not None:
            self.last_id = last_id
        self._opens = len(self.of("open"))
        self._stopping.clear()
        self._link = _Link()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def cut(self) -> None:
        """Drop the connection without a word, wherever it is; with `follow` the next one is opened at once."""
        self._link.drop()
        if not self._follow and self._thread is not None:
            self._thread.join(60)

    def stop(self) -> None:
        """Cut, and open no other."""
        self._stopping.set()
        self.cut()
        if self._thread is not None:
            self._thread.join(60)

    @property
    def open(self) -> bool:
        """Whether the connection still runs."""
        return self._thread is not None and self._thread.is_alive()

    def of(self, event: str) -> list[Any]:
        """The data of all events of this name, in order of arrival."""
        return [one.data for one in list(self.events) if one.event == event]

    def until(self, condition: Callable[[], bool], what: str, patience_s: float = 120) -> None:
        """Wait until `condition` holds; raises with `what` when patience ends."""
        deadline = time.monotonic() + patience_s
        while not condition():
            if time.monotonic() > deadline:
                kinds = {name: len(self.of(name)) for name in {one.event for one in list(self.events)}}
                raise TimeoutError(
                    f"not within {patience_s} s: {what}; status {self.status}, events {kinds}, closed {self.of('close')}"
                )
            time.sleep(0.01)

    def expect(self, event: str, count: int, patience_s: float = 120) -> "SseClient":
        """Wait until at least so many events of a name have come."""
        self.until(lambda: len(self.of(event)) >= count, f"{count} {event}", patience_s)
        return self

    def opened(self) -> "SseClient":
        """Wait for the `open` event of the present connection."""
        self.until(lambda: len(self.of("open")) > self._opens, "an open event")
        return self

    def _run(self) -> None:
        link = self._link
        while True:
            try:
                self._connection(link)
            except (OSError, http.client.HTTPException, ValueError):
                # Cut, or the server is away: what is not complete does not count.
                time.sleep(0.02)
            if not self._follow or self._stopping.is_set():
                return
            link = self._link = _Link()

    def _connection(self, link: "_Link") -> None:
        parts = urlsplit(self._url() if callable(self._url) else self._url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        headers = {
            "Accept": "text/event-stream",
            **self._headers,
            **({"Last-Event-ID": self.last_id} if self.last_id else {}),
        }
        try:
            connection.connect()
            link.take(connection.sock)
            connection.request("GET", f"{self._path}?{urlencode(self._query)}", headers=headers)
            response = connection.getresponse()
            self.status = response.status
            self.headers = {name.lower(): value for name, value in response.getheaders()}
            self.connections += 1
            if response.status != http.client.OK:
                self.body = response.read()
                return
            self._dispatch(response)
        finally:
            connection.close()

    def _dispatch(self, response: http.client.HTTPResponse) -> None:
        fields: dict[str, list[str]] = {}
        while line := response.readline():
            if not line.endswith(b"\n"):
                return
            text = line.decode().rstrip("\r\n")
            if text.startswith(":"):
                continue
            if text:
                name, _, value = text.partition(":")
                fields.setdefault(name, []).append(value.removeprefix(" "))
                continue
            if "data" in fields:
                self._take(fields)
            fields = {}

    def _take(self, fields: dict[str, list[str]]) -> None:
        event = SseEvent(
            fields.get("id", [""])[-1],
            fields.get("event", ["message"])[-1],
            self._keep(json.loads("\n".join(fields["data"]))),
            time.time(),
        )
        self.last_id = event.id or self.last_id
        self.events.append(event)
        if self._on_event is not None:
            self._on_event(event)


class _Link:
    """The socket of one connection, which may be dropped before it is there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._dropped = False

    def take(self, made: socket.socket) -> None:
        """The connection has a socket now; raises OSError where it was dropped before."""
        with self._lock:
            self._socket = made
            if self._dropped:
                raise ConnectionAbortedError("dropped before it was made")

    def drop(self) -> None:
        """Shut it down, now or as soon as it is there."""
        with self._lock:
            self._dropped = True
            if self._socket is None:
                return
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
