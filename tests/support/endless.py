"""A server whose answer never comes to its body."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select
from threading import Event, Thread
from typing import ClassVar


class _Handler(BaseHTTPRequestHandler):
    """Answers with a head that does not end."""

    said: ClassVar[bytes]
    asked: ClassVar[Event]

    def do_GET(self) -> None:
        self.asked.set()
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 ")
            while True:
                self.wfile.write(self.said)
                select([self.connection], [], [], 0.02)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def endless(said: bytes) -> Iterator[tuple[str, Event]]:
    """(address, whether it was asked) of a server whose head goes on with `said` for ever."""
    asked = Event()
    handler = type("_Said", (_Handler,), {"said": said, "asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
