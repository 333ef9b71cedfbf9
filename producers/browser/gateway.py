"""The only way out that a browser has: a proxy on this machine that connects to checked addresses alone.

The browser looks no name up by itself. A name is looked up here and the connection goes to the very address that was checked, so
that no page, redirect, script or second answer of a name server leads into our own network.
"""

import select
import socket
import time
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Lock, Thread
from typing import Self
from urllib.parse import urlsplit

from producers.web.addresses import Gate
from schemas.errors import Retryable

_HEAD_BYTES = 32_768
_CHUNK = 65_536
_SLICE_S = 0.2
_CONNECT_S = 5.0
_MOST = 200
"""Connections of one page."""
_PORTS = frozenset({80, 443})


class Gateway:
    """Open as a context. What one page brings is bounded by `max_bytes`; nothing goes on after `deadline` (of time.monotonic)."""

    def __init__(self, gate: Gate, meant: str, deadline: float, max_bytes: int) -> None:
        """`meant` is the address that an operator wrote: its host may be an address inside, and its port any."""
        self._gate = gate
        parts = urlsplit(meant)
        self._meant_host, self._meant_port = parts.hostname or "", parts.port
        self._deadline = deadline
        self._lock = Lock()
        self._left = max_bytes
        self._connections = 0
        self.refused: list[str] = []
        """Hosts that nothing was let through to, and why."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.gateway = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline = 0.0
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def connected(self, host: str, port: int) -> socket.socket | None:
        """A connection to a checked address of `host`; None where there may be, or is, none."""
        with self._lock:
            self._connections += 1
            many = self._connections > _MOST
        try:
            if many:
                raise Retryable(f"more than {_MOST} connections for one page")  # noqa: TRY301 -- told like the others
            if port not in _PORTS and (host, port) != (self._meant_host, self._meant_port):
                raise Retryable(f"port {port} is none of the web")  # noqa: TRY301 -- same
            address = self._gate.addresses(host, port, self._meant_host)[0]
            return socket.create_connection((address, port), _CONNECT_S)
        except (Retryable, OSError, IndexError) as error:
            with self._lock:
                self.refused.append(f"{host}: {error}")
            return None

    def relay(self, near: socket.socket, far: socket.socket) -> None:
        """Carry bytes both ways until one side ends, the time is over, or the page has had its share."""
        ways = {near: far, far: near}
        while time.monotonic() < self._deadline:
            ready, _, _ = select.select(list(ways), [], [], _SLICE_S)
            for one in ready:
                chunk = one.recv(_CHUNK)
                if not chunk:
                    return
                with self._lock:
                    self._left -= len(chunk)
                    if self._left < 0:
                        return
                ways[one].sendall(chunk)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    gateway: Gateway


class _Handler(BaseRequestHandler):
    server: _Server
    request: socket.socket

    def handle(self) -> None:
        with suppress(OSError, ValueError):
            self.request.settimeout(_CONNECT_S)
            head, rest = self._head()
            method, target, version = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
            parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
            host, port = parts.hostname, parts.port or 80
            far = None if host is None else self.server.gateway.connected(host, port)
            if far is None:
                self.request.sendall(
                    b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            with far:
                if method == "CONNECT":
                    self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    far.sendall(rest)
                else:
                    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
                    far.sendall(f"{method} {path} {version}\r\n".encode() + _single(head) + rest)
                self.server.gateway.relay(self.request, far)

    def _head(self) -> tuple[bytes, bytes]:
        """(the head of a request, what came of its body)."""
        found = b""
        while b"\r\n\r\n" not in found:
            chunk = self.request.recv(_CHUNK)
            if not chunk or len(found) > _HEAD_BYTES:
                raise ValueError("no head")
            found += chunk
        head, _, rest = found.partition(b"\r\n\r\n")
        return head, rest


def _single(head: bytes) -> bytes:
    """The headers of a request, for one request alone: a second one on this connection may be for another host."""
    kept = [
        line
        for line in head.split(b"\r\n")[1:]
        if not line.lower().startswith((b"proxy-", b"connection:", b"keep-alive:"))
    ]
    return b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n"
