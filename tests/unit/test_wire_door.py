"""The door: a stream of now is begun by it as soon as its request is read; all else is the application's, as if there were none."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from api.frames import Batch, Frame
from api.protocol import PATH, REFUSED, StreamingProtocol
from api.wire import Wire
from tests.support.streaming import Streaming, get, serving

STREAM = PATH.decode()


class Doored(Streaming):
    """An application with a door, which says what came to which of both."""

    def __init__(self) -> None:
        super().__init__()
        self.let_in: list[tuple[str, bytes, dict[bytes, bytes]]] = []
        self.refuses: Exception | None = None
        self.waits = False

    def door(self, wire: Wire, client: str, query: bytes, fields: list[tuple[bytes, bytes]]) -> None:
        self.let_in.append((client, query, dict(fields)))
        if self.refuses is not None:
            raise self.refuses
        if self.waits:
            return
        self.loop = asyncio.get_running_loop()
        self.wires.append(wire)
        wire.begin(b"x-said: at the door\r\n", 8192, self.dead_s, self.left)
        wire.write(Batch([Frame("1", b"let in\n\n")]))


@pytest.fixture
def doored() -> Iterator[tuple[Doored, int]]:
    app = Doored()
    protocol = type("Protocol", (StreamingProtocol,), {"door": staticmethod(app.door)})
    with serving(app, protocol) as port:
        yield app, port


def heard(port: int, request: bytes, until: bytes) -> tuple[socket.socket, bytes]:
    """What comes of a request until something has come."""
    connection = socket.create_connection(("127.0.0.1", port), 30)
    connection.sendall(request)
    found = b""
    while until not in found:
        more = connection.recv(65_536)
        assert more, found
        found += more
    return connection, found


def request(path: str, *fields: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *fields, "", ""]).encode()


def test_the_door_begins_the_answer_and_the_application_is_not_asked(doored: tuple[Doored, int]) -> None:
    app, port = doored
    connection, found = heard(port, request(f"{STREAM}?topics=trends", "X-Other: 1"), b"let in")
    connection.close()
    assert found.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\ndate: " in found
    assert b"x-said: at the door\r\n" in found
    assert app.let_in == [("127.0.0.1", b"topics=trends", {b"host": b"x", b"x-other": b"1"})]
    assert app.gone.wait(30)
    assert app.reasons == ["client"]
    assert len(app.wires) == 1
    assert app.logged == []


@pytest.mark.parametrize(
    "asked",
    [
        request("/api/v1/mentions"),
        request(STREAM + "/"),
        request("/api/v1/%73tream"),
        request(STREAM, "Last-Event-ID: abc"),
        request(STREAM, "X-Forwarded-For: 10.1.2.3"),
        request(STREAM, "Content-Length: 3") + b"abc",
        request(STREAM, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
        request(STREAM, method="HEAD"),
        request(STREAM, method="POST"),
        request(STREAM, version="1.0"),
    ],
)
def test_what_is_not_a_plain_request_for_a_stream_never_comes_to_it(
    asked: bytes, doored: tuple[Doored, int]
) -> None:
    app, port = doored
    connection, found = heard(port, asked, b"c\n\n")
    connection.close()
    assert b"x-said: once\r\n" in found
    assert app.let_in == []
    assert app.logged == []


def test_where_it_would_have_to_wait_the_application_answers(doored: tuple[Doored, int]) -> None:
    app, port = doored
    app.waits = True
    connection, found = heard(port, request(f"{STREAM}?since=0", "X-Other: 1"), b"c\n\n")
    connection.close()
    assert b"x-said: once\r\n" in found
    assert len(app.let_in) == 1
    scope = app.scopes[0]
    assert scope["path"] == STREAM
    assert scope["query_string"] == b"since=0"
    assert scope["headers"] == [(b"host", b"x"), (b"x-other", b"1")]
    assert REFUSED not in scope["state"]


def test_what_it_refuses_the_application_is_told(doored: tuple[Doored, int]) -> None:
    app, port = doored
    app.refuses = ValueError("no more room")
    connection, found = heard(port, request(STREAM), b"c\n\n")
    connection.close()
    assert b"x-said: once\r\n" in found
    assert app.scopes[0]["state"][REFUSED] is app.refuses


def test_a_request_in_pieces_is_let_in_when_it_is_whole(doored: tuple[Doored, int]) -> None:
    app, port = doored
    whole = request(STREAM)
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        for at in range(len(whole)):
            connection.sendall(whole[at : at + 1])
        assert b"let in" in connection.recv(65_536)
    assert len(app.let_in) == 1


def test_on_a_connection_that_was_used_before_it_is_the_same(doored: tuple[Doored, int]) -> None:
    app, port = doored
    app.answers = {"/plain": b"plain"}
    connection = get(port, "/plain")
    assert connection.getresponse().read() == b"plain"
    connection.request("GET", STREAM)
    answer = connection.getresponse()
    assert answer.getheader("x-said") == "at the door"
    assert answer.read(3) == b"let"
    connection.close()
    assert app.logged == []


def test_what_follows_in_the_same_packet_is_read_by_nobody(doored: tuple[Doored, int]) -> None:
    app, port = doored
    connection, found = heard(port, request(STREAM) + request("/other") + request(STREAM) + b"\0", b"let in")
    app.loop.call_soon_threadsafe(app.wires[0].end, 60)
    while more := connection.recv(65_536):
        found += more
    connection.close()
    assert found.count(b"HTTP/1.1") == 1
    assert found.endswith(b"0\r\n\r\n")
    assert len(app.let_in) == 1
    assert app.scopes == []


def test_behind_a_request_that_is_still_answered_it_waits_its_turn(doored: tuple[Doored, int]) -> None:
    app, port = doored
    app.answers = {"/plain": b"plain"}
    connection, found = heard(port, request("/plain") + request(STREAM), b"c\n\n")
    connection.close()
    assert found.count(b"HTTP/1.1 200 OK") == 2
    assert b"x-said: once\r\n" in found
    assert app.let_in == []
