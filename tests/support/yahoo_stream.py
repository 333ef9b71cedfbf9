"""Yahoo's stream of prices as far as it is known: subscriptions in, prices in base64 out; it can end in every way there is."""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve
from yfinance.pricing_pb2 import PricingData

Script = Callable[[ServerConnection], None]
"""What happens on a connection once it is subscribed; the connection ends cleanly with it."""

_PATIENCE_S = 60
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class FakeStream:
    """`scripts` are those of the next connections, in order; the last of them stays."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self._subscribed: list[Sequence[str]] = []
        self._heard = threading.Condition()
        self.refusals: list[tuple[int, dict[str, str]]] = []
        """Statuses with headers that the next handshakes are answered with."""
        self.ended = threading.Event()
        self._server: Server = serve(self._talk, "127.0.0.1", 0, process_request=self._admit, close_timeout=1)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/?version=2"

    def close(self) -> None:
        """End everything."""
        self.ended.set()
        self._server.shutdown()
        self._thread.join()

    def subscribed(self, number: int) -> list[Sequence[str]]:
        """What was subscribed to, in order, once it was `number` times: a client does not wait until it is read here."""
        with self._heard:
            assert self._heard.wait_for(lambda: len(self._subscribed) >= number, _PATIENCE_S), (
                self._subscribed
            )
            return list(self._subscribed)

    def hear(self, message: str | bytes) -> None:
        """Note what is subscribed to."""
        with self._heard:
            self._subscribed.append(json.loads(message)["subscribe"])
            self._heard.notify_all()

    def _admit(self, _: ServerConnection, __: Request) -> Response | None:
        if not self.refusals:
            return None
        status, headers = self.refusals.pop(0)
        return Response(status, HTTPStatus(status).phrase, Headers({**headers, "Content-Length": "0"}), b"")

    def _talk(self, connection: ServerConnection) -> None:
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        try:
            self.hear(connection.recv(_PATIENCE_S))
            script(connection)
        except ConnectionClosed:
            pass

    def stay(self, connection: ServerConnection) -> None:
        """Say nothing more, and note what is subscribed to, until the other side has gone."""
        while not self.ended.is_set():
            try:
                self.hear(connection.recv(0.05))
            except TimeoutError:
                continue


def aborted(connection: ServerConnection) -> None:
    """The peer is gone without a word."""
    connection.socket.shutdown(socket.SHUT_RDWR)


def priced(symbol: str, price: float, at_ms: int, **more: object) -> str:
    """A message with the price of `symbol` in regular trading."""
    values = {"market_hours": 1, "quote_type": 8, "currency": "IDR", "exchange": "JKT", "day_volume": 12_345}
    data = PricingData(id=symbol, price=price, time=at_ms, **{**values, "change": -1.5, **more})
    return json.dumps({"type": "pricing", "message": base64.b64encode(data.SerializeToString()).decode()})


@contextmanager
def deaf() -> Iterator[str]:
    """The address of a server that opens a connection and then neither answers nor ends it."""
    listening = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def admit() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            held.append(peer)
            asked = peer.recv(65_536).decode()
            key = next(
                line.split(": ")[1]
                for line in asked.split("\r\n")
                if line.lower().startswith("sec-websocket-key")
            )
            proof = base64.b64encode(sha1((key + _GUID).encode()).digest()).decode()
            head = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {proof}\r\n\r\n"
            peer.sendall(f"HTTP/1.1 101 Switching Protocols\r\n{head}".encode())

    thread = threading.Thread(target=admit, daemon=True)
    thread.start()
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()
        for peer in held:
            peer.close()
