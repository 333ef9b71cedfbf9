"""What api/wire.py and api/protocol.py rely on in uvicorn, over a real socket: a new version that changes it must not go unnoticed."""

import errno
import socket
from collections.abc import Iterator

import pytest

from api.frames import Batch, Frame
from api.wire import reason_of
from tests.support.streaming import Streaming, get, serving
from tests.support.unplugged import unplug


@pytest.fixture
def served() -> Iterator[tuple[Streaming, int]]:
    app = Streaming()
    with serving(app) as port:
        yield app, port


def test_what_is_written_past_asgi_is_one_answer_and_the_connection_ends_with_it(
    served: tuple[Streaming, int],
) -> None:
    app, port = served
    connection = get(port, "/")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers.get_all("x-said") == ["once"]
    assert answer.getheader("date")
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.read() == b"a\n\nb\n\nc\n\n"
    assert connection.sock.recv(1) == b""
    connection.close()
    assert app.logged == []


def test_a_stream_goes_on_without_asgis_task_and_reads_no_further_request(
    served: tuple[Streaming, int],
) -> None:
    app, port = served
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"GET /stay HTTP/1.1\r\nHost: x\r\n\r\n")
        heard = b""
        while b"c\n\n" not in heard:
            heard += connection.recv(65_536)
        assert app.returned.wait(30)
        connection.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n" + b"\0" * 100)
        app.loop.call_soon_threadsafe(app.wires[0].write, Batch([Frame("9", b"later\n\n")]))
        while b"later\n\n" not in heard:
            heard += connection.recv(65_536)
        assert len(app.wires) == 1
        assert heard.count(b"HTTP/1.1") == 1
        app.loop.call_soon_threadsafe(app.wires[0].end, 60)
        while more := connection.recv(65_536):
            heard += more
        assert heard.endswith(b"0\r\n\r\n")
    assert app.logged == []


def test_the_head_goes_out_with_the_first_batch(served: tuple[Streaming, int]) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"GET /stay HTTP/1.1\r\nHost: x\r\n\r\n")
        first = connection.recv(65_536)
    assert first.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"a\n\nb\n\n" in first


def test_who_goes_is_noticed_at_once(served: tuple[Streaming, int]) -> None:
    app, port = served
    connection = get(port, "/stay")
    connection.getresponse().read(3)
    assert not app.gone.is_set()
    connection.close()
    assert app.gone.wait(30)
    assert app.wires[0].lost
    assert app.reasons == ["client"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (None, "client"),
        (ConnectionResetError(errno.ECONNRESET, "reset"), "client"),
        (OSError(errno.EHOSTUNREACH, "no route"), "vanished"),
        (OSError(errno.ETIMEDOUT, "timed out"), "vanished"),
    ],
)
def test_who_went_without_a_word_is_told_from_who_said_so(error: Exception | None, reason: str) -> None:
    assert reason_of(error) == reason


def test_a_peer_that_acknowledges_nothing_has_vanished(served: tuple[Streaming, int]) -> None:
    app, port = served
    app.dead_s = 0.5
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.sendall(b"GET /stay HTTP/1.1\r\nHost: x\r\n\r\n")
        heard = b""
        while b"c\n\n" not in heard:
            more = connection.recv(65_536)
            assert more, heard
            heard += more
        unplug(connection)
        app.loop.call_soon_threadsafe(app.wires[0].write, Batch([Frame("9", b"to nobody\n\n")]))
        assert app.gone.wait(30)
    assert app.reasons == ["vanished"]


def test_what_the_client_does_not_read_waits_here_not_in_the_kernel(served: tuple[Streaming, int]) -> None:
    app, port = served
    app.big = b"x" * 8_000_000
    connection = get(port, "/big")
    answer = connection.getresponse()
    assert len(answer.read()) == len(app.big) + 9
    # The reader's own buffer is the kernel's to size; ours was bounded.
    assert app.waiting[0] > 1_000_000
    connection.close()
