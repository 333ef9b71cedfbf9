"""A web server that tests script: what it answers at which path, how slowly, cut where; it remembers who asked what."""

import gzip
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    """Of time.monotonic()."""
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """One answer. `cut` ends the connection after so many bytes of the body, `drip_s` waits between any two bytes.

    `parts` are sent as they come, in place of a body.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    wait_s: float = 0.0
    drip_s: float = 0.0
    parts: Iterable[bytes] | None = None


Answer = Callable[[Asked], Reply]


class Upstream:
    """Answers by exact path; 404 elsewhere. `answers` may be changed while it runs."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer | Reply] = {}
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self.ended = threading.Event()
        self._at_once = 0
        self.lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.upstream = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def at(self, path: str) -> list[Asked]:
        """The requests for `path`."""
        with self.lock:
            return [one for one in self.asked if one.path == path]

    def close(self) -> None:
        """Stop answering."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """One more request is under way."""
        with self.lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self.lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    upstream: Upstream

    def handle_error(self, *_: object) -> None:
        """A client that has gone is nobody's mistake here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        with self.server.upstream.counted():
            try:
                self._answer()
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    do_POST = do_GET  # noqa: N815 -- as http.server wants it

    def _answer(self) -> None:
        upstream = self.server.upstream
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        asked = Asked(unquote(parts.path), query, headers, time.monotonic(), body)
        with upstream.lock:
            upstream.asked.append(asked)
        answer = upstream.answers.get(asked.path, Reply(404, b"not here"))
        reply = answer if isinstance(answer, Reply) else answer(asked)
        if upstream.ended.wait(reply.wait_s):
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.parts is not None:
            self._in_parts(reply.parts)
            return
        if "Content-Length" not in reply.headers:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        # By the byte where it should be slow.
        for start in range(0, len(body), 1 if reply.drip_s else len(body) or 1):
            self.wfile.write(body[start : start + 1] if reply.drip_s else body)
            if reply.drip_s and upstream.ended.wait(reply.drip_s):
                return
        self.close_connection = self.close_connection or reply.cut is not None

    def _in_parts(self, parts: Iterable[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def upstream() -> Iterator[Upstream]:
    """A server that runs meanwhile."""
    server = Upstream()
    try:
        yield server
    finally:
        server.close()


def packed(body: bytes) -> Reply:
    """An answer packed with gzip."""
    return Reply(body=gzip.compress(body), headers={"Content-Encoding": "gzip", "Content-Type": "text/xml"})
