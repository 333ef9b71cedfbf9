"""An HTTP proxy before an engine that does by plan to a request what networks and servers do to it."""

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_SLOW_S = 1.0
_SLOW_PIECES = 20
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "keep-alive", "host", "date", "server"})
_LAST_CHUNK = b"0\r\n\r\n"
_SYNC = b"denyut-container"
"""What ends a block of the sink's containers."""


class Fate(Enum):
    """What becomes of one request."""

    PASS = "pass"
    CUT_REQUEST = "cut_request"
    """The engine sees half of the body, then nothing more; the client a closed connection."""
    REFUSE = "refuse"
    """500 without a word of ClickHouse's; the engine hears nothing."""
    REFUSE_AFTER = "refuse_after"
    """500, though the engine has done it."""
    LOSE_REPLY = "lose_reply"
    """The engine has done it; the client sees a closed connection."""
    CUT_REPLY = "cut_reply"
    """The client gets half of the answer."""
    SLOW = "slow"
    """Request and answer come in pieces."""
    TWICE = "twice"
    """The engine gets the same request two times; the client the second answer."""
    SILENT = "silent"
    """Nobody answers before the proxy speaks again; then the connection is closed, the engine has heard nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in, chunks put together."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def lands(self) -> bool:
        """Whether it is one of the sink's inserts of events."""
        return self.method == "POST" and "FROM input(" in self.statement

    @property
    def chunked(self) -> bool:
        """Whether its body came in chunks; it goes on so, for only the last of them says that the body is whole."""
        return _chunked(self.headers)

    @property
    def statement(self) -> str:
        """The SQL, without data."""
        query = parse_qs(urlsplit(self.path).query).get("query")
        return query[0] if query else self.body[:2000].decode(errors="replace")


def _chunked(headers: Mapping[str, str]) -> bool:
    return headers.get("Transfer-Encoding", "").lower() == "chunked"


Plan = Callable[[Request], Fate]


def passing(_: Request) -> Fate:
    """The plan under which all is well."""
    return Fate.PASS


class Dealt:
    """Deals fates at random, but each of them once before one comes again, so that a short run meets them all."""

    def __init__(
        self, seed: int, fates: Sequence[Fate], of: Callable[[Request], bool], well: int = 1
    ) -> None:
        """Only requests that `of` names are dealt to; of `well` times as many as there are fates nothing becomes."""
        self._dice = random.Random(seed)
        self._deck = [*fates, *[Fate.PASS] * (well * len(fates))]
        self._left: list[Fate] = []
        self._of = of
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Fate:
        if not self._of(request):
            return Fate.PASS
        with self._lock:
            if not self._left:
                self._left = self._dice.sample(self._deck, len(self._deck))
            return self._left.pop()


class Wire:
    """The proxy; `plan` may be changed while it runs. It keeps the inserts that reached the engine, to send them again."""

    def __init__(self, engine_port: int, *, keep: int = 1000) -> None:
        self.engine_port = engine_port
        self.plan: Plan = passing
        self.dealt: Counter[Fate] = Counter()
        self.inserts: list[Request] = []
        self.speaks = threading.Event()
        self.speaks.set()
        self._keep = keep
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where clients connect instead of to the engine."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The same as an address."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def silence(self) -> Iterator[None]:
        """An outage: whoever asks meanwhile is not answered."""
        before, self.plan = self.plan, lambda _: Fate.SILENT
        self.speaks.clear()
        try:
            yield
        finally:
            self.plan = before
            self.speaks.set()

    def close(self) -> None:
        """Stop; nobody waits any more."""
        self.speaks.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fate(self, request: Request) -> Fate:
        """What the plan says, counted."""
        fate = self.plan(request)
        with self._lock:
            self.dealt[fate] += 1
        return fate

    def forward(self, request: Request, *, slow: bool = False) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the engine's answer; raises OSError or HTTPException where there is none."""
        if request.lands and len(self.inserts) < self._keep:
            self.inserts.append(request)
        engine = http.client.HTTPConnection("127.0.0.1", self.engine_port, timeout=120)
        try:
            engine.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers(request).items():
                engine.putheader(name, value)
            engine.endheaders()
            for piece in pieces(request.body, slow=slow):
                engine.send(_chunk(piece) if request.chunked else piece)
            if request.chunked:
                engine.send(_LAST_CHUNK)
            answer = engine.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            engine.close()

    def cut(self, request: Request) -> None:
        """Send half of the body to the engine and close: of a container whole records, so that nothing but the wire tells."""
        middle = len(request.body) // 2
        found = request.body.rfind(_SYNC, len(_SYNC), middle)
        half = request.body[: middle if found < 0 else found + len(_SYNC)]
        engine = http.client.HTTPConnection("127.0.0.1", self.engine_port, timeout=120)
        with suppress(OSError):
            engine.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers(request).items():
                engine.putheader(name, value)
            engine.endheaders(_chunk(half) if request.chunked else half)
        engine.close()

    def _headers(self, request: Request) -> dict[str, str]:
        kept = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        kept = {name: value for name, value in kept.items() if name.lower() != "content-length"}
        kept["Host"] = f"127.0.0.1:{self.engine_port}"
        if request.chunked:
            return {**kept, "Transfer-Encoding": "chunked"}
        return {**kept, "Content-Length": str(len(request.body))}


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""


def pieces(body: bytes, *, slow: bool) -> Iterator[bytes]:
    """The body, whole or in pieces a moment apart."""
    if not slow:
        yield body
        return
    size = max(1, -(-len(body) // _SLOW_PIECES))
    for start in range(0, len(body), size):
        yield body[start : start + size]
        time.sleep(_SLOW_S / _SLOW_PIECES)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The sink opens its connections all at once after an outage.
    request_queue_size = 128
    wire: Wire

    def handle_error(self, *_: object) -> None:
        """A client that has gone is nobody's mistake here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        wire = self.server.wire
        request = Request(self.command, self.path, dict(self.headers.items()), self._body())
        fate = wire.fate(request)
        try:
            if fate is Fate.SILENT:
                wire.speaks.wait()
                self._hang_up()
            elif fate is Fate.CUT_REQUEST:
                wire.cut(request)
                self._hang_up()
            elif fate is Fate.REFUSE:
                self._answer(500, [], b"upstream is not well\n")
            else:
                self._forwarded(wire, request, fate)
        except (OSError, http.client.HTTPException):
            # The engine is gone: so is the connection, as through any dumb wire.
            self._hang_up()

    def _forwarded(self, wire: Wire, request: Request, fate: Fate) -> None:
        slow = fate is Fate.SLOW
        status, headers, body = wire.forward(request, slow=slow)
        if fate is Fate.TWICE:
            status, headers, body = wire.forward(request)
        if fate is Fate.LOSE_REPLY:
            self._hang_up()
        elif fate is Fate.REFUSE_AFTER:
            self._answer(500, [], b"upstream is not well\n")
        else:
            self._answer(status, headers, body, cut=fate is Fate.CUT_REPLY, slow=slow)

    def _answer(
        self,
        status: int,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        cut: bool = False,
        slow: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if cut:
            # Where there is no body, half of the headers.
            if body:
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
            else:
                self.flush_headers()
            self._hang_up()
            return
        self.end_headers()
        for piece in pieces(body, slow=slow):
            self.wfile.write(piece)

    def _body(self) -> bytes:
        if not _chunked(dict(self.headers.items())):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
            if not size:
                return b"".join(chunks)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def wire(engine_port: int, *, keep: int = 1000) -> Iterator[Wire]:
    """A proxy that runs meanwhile."""
    proxy = Wire(engine_port, keep=keep)
    try:
        yield proxy
    finally:
        proxy.close()
