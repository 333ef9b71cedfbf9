"""TLS to an address that was checked: the certificate must be that of the name, and the name is what is asked for."""

import ssl
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

import producers.web.fetch as fetch_module
from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from schemas.errors import Retryable

NAME = "kabar.example"


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A client that does not trust us is what this is about."""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(certificate, key) of kabar.example, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    files = folder / "certificate.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    made += ["-out", str(files[0]), "-keyout", str(files[1]), "-days", "2", "-subj", f"/CN={NAME}"]
    subprocess.run([*made, "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True)
    return files


@pytest.fixture
def asked(certificate: tuple[Path, Path]) -> Iterator[tuple[int, list[str | None]]]:
    """(port of a server with that certificate, the names it was asked for in TLS)."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    server = _Quiet(("127.0.0.1", 0), _Page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_address[1], names
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_name_is_asked_for_and_its_certificate_wanted_though_an_address_is_connected_to(
    asked: tuple[int, list[str | None]], certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, names = asked
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    monkeypatch.setattr(fetch_module, "_tls", lambda: trusted)
    settings = ProducerSettings(web_gap_s=0, web_inside=f"{NAME},other.example")
    fetcher = Fetcher(settings, web_limits(settings), "*/*", find=lambda host, port: ["127.0.0.1"])
    answer = fetcher.get(f"https://{NAME}:{port}/", None, None, Event())
    assert answer is not None
    assert answer.body == b"ok"
    assert answer.url == f"https://{NAME}:{port}/"
    with pytest.raises(Retryable, match=r"(?i)certificate.*other\.example") as caught:
        fetcher.get(f"https://other.example:{port}/", None, None, Event())
    assert not isinstance(caught.value, Lasting)
    assert names == [NAME, "other.example"]


def test_a_certificate_that_nobody_vouches_for_is_refused(asked: tuple[int, list[str | None]]) -> None:
    port, _ = asked
    settings = ProducerSettings(web_gap_s=0, web_inside=NAME)
    fetcher = Fetcher(settings, web_limits(settings), "*/*", find=lambda host, port: ["127.0.0.1"])
    with pytest.raises(Retryable, match=r"(?i)certificate"):
        fetcher.get(f"https://{NAME}:{port}/", None, None, Event())
