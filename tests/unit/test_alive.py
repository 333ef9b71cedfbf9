"""The image's health check tells a process that works from one that is gone, sick or standing still."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.alive import main
from tests.support.ports import free_port


class Answer(BaseHTTPRequestHandler):
    status, body = 200, b""

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Answer.status, Answer.body = 200, b""
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def nobody() -> str:
    return f"http://127.0.0.1:{free_port()}/"


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"ok", 0),
        (503, b"", 1),
        (200, b'denyut_stage_stalled_seconds{handler="a",partition="0"} 89.5\n', 0),
        (200, b'x 999\ndenyut_stage_stalled_seconds{handler="a",partition="1"} 90.5\ny 1', 1),
        (200, b"# TYPE denyut_stage_stalled_seconds gauge\n", 0),
    ],
)
def test_one_address(url: str, status: int, body: bytes, code: int) -> None:
    Answer.status, Answer.body = status, body
    assert main([url]) == code
    assert main([nobody(), url]) == code


def test_nobody_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([nobody(), nobody()]) == 1
    assert capsys.readouterr().err == "denyut: nobody listens\n"
