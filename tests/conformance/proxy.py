"""Proxies that treat a stream badly, as those of the world do."""

import random
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_PIECE = 4096


class Proxy:
    """Hands connections on to an address until it ends: then it is away. A context manager; `url` is where it listens."""

    def __init__(self, target: str, receive_bytes: int | None = None) -> None:
        """`receive_bytes` is what the kernel may hold of an answer that is not read; None: what it likes."""
        self._receive_bytes = receive_bytes
        parts = urlsplit(target)
        self._target = (parts.hostname or "", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Cut everything; who comes from now on is refused."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._dialled()
                self._open += [client, server]
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client), daemon=True).start()

    def _dialled(self) -> socket.socket:
        made = socket.socket()
        if self._receive_bytes is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        made.connect(self._target)
        return made

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            self._ask(source, sink)
        _cut(source, sink)

    def _ask(self, source: socket.socket, sink: socket.socket) -> None:
        """Hand on what a client says."""
        while piece := source.recv(_PIECE):
            sink.sendall(piece)

    def _back(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            self._answer(source, sink)
        _cut(source, sink)

    def _answer(self, source: socket.socket, sink: socket.socket) -> None:
        """Hand the answer on."""
        while piece := source.recv(_PIECE):
            sink.sendall(piece)


class Cutting(Proxy):
    """Ends every connection after some bytes."""

    def __init__(self, target: str, dice: random.Random, most_bytes: int) -> None:
        super().__init__(target)
        self._dice = dice
        self._most = most_bytes

    def _answer(self, source: socket.socket, sink: socket.socket) -> None:
        # The head and the open event are let through, or no client ever got anywhere.
        left = self._dice.randint(self._most // 10, self._most)
        while left > 0 and (piece := source.recv(min(_PIECE, left))):
            sink.sendall(piece)
            left -= len(piece)


class Buffering(Proxy):
    """Holds what comes for a while."""

    def __init__(self, target: str, wait_s: float) -> None:
        super().__init__(target)
        self._wait_s = wait_s

    def _answer(self, source: socket.socket, sink: socket.socket) -> None:
        while held := source.recv(_PIECE):
            ends = time.monotonic() + self._wait_s
            while (left := ends - time.monotonic()) > 0:
                source.settimeout(left)
                with suppress(TimeoutError):
                    piece = source.recv(_PIECE)
                    if not piece:
                        break
                    held += piece
            source.settimeout(None)
            sink.sendall(held)


class Freezing(Proxy):
    """Hands everything on until it is told to freeze; then nothing in either direction, and keeps its connections."""

    def __init__(self, target: str, receive_bytes: int) -> None:
        super().__init__(target, receive_bytes)
        self._frozen = threading.Event()
        self._ended = threading.Event()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        super().__exit__(kind, error, trace)

    def freeze(self) -> None:
        """From now on."""
        self._frozen.set()

    def _ask(self, source: socket.socket, sink: socket.socket) -> None:
        self._answer(source, sink)

    def _answer(self, source: socket.socket, sink: socket.socket) -> None:
        while piece := source.recv(_PIECE):
            if self._frozen.is_set():
                self._ended.wait()
                return
            sink.sendall(piece)


def _cut(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
