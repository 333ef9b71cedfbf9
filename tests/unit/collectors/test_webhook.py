"""The webhook over HTTP: who may send what, and that nobody is told 202 before Kafka has it."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

import httpx
import pytest

from producers import delivery
from producers.base import Batch
from producers.collectors.webhook import SOURCE, Webhook
from producers.loop import Loop
from producers.reading import Ended, Handed, Reading
from producers.settings import ProducerSettings
from producers.webhook import serving
from producers.webhook.incoming import MOST_POSTS
from producers.webhook.senders import load_senders
from producers.webhook.signing import WINDOW_S, Used
from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.registry import PinnedIds
from tests.support.published import Published
from tests.support.until import until
from tests.support.webhooks import KEY, TOKEN, body_of, send, senders_file, signed

POST = {"id": "42", "text": "Harga beras naik", "published_at": "Senin, 12 Jan 2026 10:15 WIB"}


class Listening:
    """The collector with its reading as the runner has it; what is handed over waits for the test."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        given = {"webhook_senders": senders_file(folder / "senders.toml"), "webhook_port": 0, **settings}
        self.collector = Webhook(ProducerSettings.model_validate(given))
        self.handed: SimpleQueue[Handed | None] = SimpleQueue()
        self.begin()
        until(lambda: bool(self.collector.url), "it listens", 60)
        self.url = self.collector.url

    def begin(self) -> None:
        self.reading = Reading(self.collector, SOURCE, {}, self.handed)
        self.reading.start()

    def batch(self) -> Batch:
        handed = self.handed.get(timeout=60)
        assert handed is not None
        assert isinstance(handed.what, Batch), handed.what
        return handed.what

    def close(self) -> None:
        self.reading.cut()
        self.collector.close()


@contextmanager
def listening(folder: Path, **settings: Any) -> Iterator[Listening]:
    found = Listening(folder, **settings)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """One whose requests are refused before anything is handed over."""
    # Its one run outlasts all tests of this file, on whatever machine: the end of it would be handed over.
    with listening(tmp_path_factory.mktemp("webhook"), webhook_max_bytes=2_000, webhook_run_s=3_600) as found:
        yield found


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def why(answer: httpx.Response) -> str:
    return str(answer.json()["detail"][0]["msg"])


def test_202_comes_after_kafka_and_not_before(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with listening(tmp_path) as found:
        answer = pool.submit(send, found.url, body_of(POST, {**POST, "id": "43"}))
        batch = found.batch()
        assert not answer.done(), "handed over is not acknowledged"
        found.reading.go_on()
        assert answer.result(60).status_code == 202
        assert answer.result().json() == {"accepted": 2, "source": "partner"}
    codec = Codec(PinnedIds())
    posts: list[Any] = [item.record for item in batch.items]  # type: ignore[union-attr]
    for post in posts:
        codec.encode("post", post)
    assert [post["id"] for post in posts] == ["webhook:partner/42", "webhook:partner/43"]
    assert (posts[0]["platform"], posts[0]["source"], posts[0]["kind"]) == ("webhook", "partner", "post")
    assert posts[0]["published_at"] == 1_768_187_700_000


def test_what_kafka_did_not_take_is_told_and_may_be_sent_again(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    body = body_of(POST)
    headers = signed(body)
    with listening(tmp_path) as found:
        answer = pool.submit(send, found.url, body, headers)
        found.batch()
        found.reading.cut()
        assert answer.result(60).status_code == 503
        assert answer.result().headers["retry-after"] == "5"
        found.handed.get(timeout=60)
        found.begin()
        again = pool.submit(send, found.url, body, headers)
        found.batch()
        found.reading.go_on()
        assert again.result(60).status_code == 202


def test_a_request_is_good_once(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    body = body_of(POST)
    headers = signed(body)
    with listening(tmp_path) as found:
        first = pool.submit(send, found.url, body, headers)
        found.batch()
        meanwhile = send(found.url, body, headers)
        found.reading.go_on()
        assert first.result(60).status_code == 202
        later = send(found.url, body, headers)
        assert (meanwhile.status_code, later.status_code) == (409, 409)
        assert why(later) == "this request was sent before"


def test_nobody_waits_for_ever_nor_in_a_queue_without_end(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with listening(tmp_path, webhook_wait_s=0.5, webhook_waiting=1) as found:
        first = pool.submit(send, found.url, body_of(POST))
        found.batch()
        second = pool.submit(send, found.url, body_of({**POST, "id": "2"}))
        third = pool.submit(send, found.url, body_of({**POST, "id": "3"}))
        assert {one.result(60).status_code for one in (first, second, third)} == {503}


def test_the_end_of_a_run_loses_nobody(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with listening(tmp_path, webhook_run_s=0.05) as found:
        ended = found.handed.get(timeout=60)
        assert ended is not None
        assert isinstance(ended.what, Ended)
        assert ended.what.error is None
        answer = pool.submit(send, found.url, body_of(POST))
        until(lambda: not found.collector._intake._waiting.empty(), "it waits", 60)
        batch: Batch | Ended = ended.what
        # On a busy machine a run as short as this one may be over before it has looked.
        while isinstance(batch, Ended):
            assert batch.error is None
            found.begin()
            handed = found.handed.get(timeout=60)
            assert handed is not None
            batch = handed.what
        found.reading.go_on()
        assert answer.result(60).status_code == 202


def test_a_stop_sends_away_who_waits(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with listening(tmp_path) as found:
        first = pool.submit(send, found.url, body_of(POST))
        found.batch()
        second = pool.submit(send, found.url, body_of({**POST, "id": "2"}))
        until(lambda: not found.collector._intake._waiting.empty(), "it waits", 60)
        found.reading.halt()
        found.reading.go_on()
        assert first.result(60).status_code == 202
        assert second.result(60).status_code == 503
        assert send(found.url, body_of({**POST, "id": "3"})).status_code == 503


def test_the_server_ends_with_the_loop(
    tmp_path: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that is under way is answered first: its posts are in Kafka."""
    kafka, stop = Published(), Event()
    monkeypatch.setattr(delivery, "Publisher", lambda *_: kafka)
    monkeypatch.setattr(delivery, "read_cursors", lambda *_: {})
    settings = ProducerSettings.model_validate(
        {"webhook_senders": senders_file(tmp_path / "senders.toml"), "webhook_port": 0}
    )
    collector = Webhook(settings)
    running = pool.submit(Loop(collector, settings, Codec(PinnedIds()), stop).run)
    until(lambda: bool(collector.url), "it listens", 60)
    url = collector.url
    answer = pool.submit(send, url, body_of(POST))
    until(lambda: bool(kafka.of("posts")), "its post is published", 60)
    stop.set()
    running.result(60)
    assert answer.result(60).status_code == 202
    with pytest.raises(httpx.ConnectError):
        send(url, body_of(POST))


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"authorization": "Bearer nobody-is-called-this"}, "no token"),
        ({"authorization": ""}, "no token"),
        ({"authorization": "Bearer é".encode()}, "no token"),
        ({"x-denyut-signature": "sha256=00"}, "not that of this time and body"),
        ({"x-denyut-signature": ""}, "not that of this time and body"),
        ({"x-denyut-time": "0"}, "not that of this time and body"),
        ({"x-denyut-time": "soon"}, "epoch seconds"),
        ({"x-denyut-time": ""}, "epoch seconds"),
        (signed(body_of(POST), key="another-key-of-sixteen"), "not that of this time and body"),
        (signed(body_of({**POST, "text": "other"})), "not that of this time and body"),
    ],
)
def test_who_may_not_send_is_told_so(refusing: Listening, headers: dict[str, Any], told: str) -> None:
    body = body_of(POST)
    answer = httpx.post(
        f"{refusing.url}/ingest",
        content=body,
        headers={**signed(body), **headers},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 401
    assert told in why(answer)
    assert TOKEN not in answer.text
    assert KEY not in answer.text


@pytest.mark.parametrize("away_s", [-WINDOW_S - 5, WINDOW_S + 60])
def test_a_time_that_is_not_about_now_is_refused(refusing: Listening, away_s: int) -> None:
    body = body_of(POST)
    answer = send(refusing.url, body, signed(body, at=time.time() + away_s))
    assert answer.status_code == 401
    assert "more than 300 s" in why(answer)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", []),
        (b"[]", []),
        (b"{not json", []),
        (b"{}", ["posts"]),
        (b'{"posts": []}', ["posts"]),
        (body_of({"text": "x"}), ["posts", 0, "id"]),
        (body_of({"id": "1", "text": "  "}), ["posts", 0, "text"]),
        (body_of({"id": 1, "text": "x"}), ["posts", 0, "id"]),
        (body_of(POST, {**POST, "likes": -1}), ["posts", 1, "likes"]),
        (body_of({**POST, "url": "javascript:alert(1)"}), ["posts", 0, "url"]),
        (body_of({**POST, "kind": "rumour"}), ["posts", 0, "kind"]),
        (b'{"posts": [{"id": "\\ud800", "text": "x"}]}', []),
    ],
)
def test_what_is_wrong_with_a_body_is_named_and_nothing_of_it_taken(
    refusing: Listening, body: bytes, place: list[Any]
) -> None:
    answer = send(refusing.url, body)
    assert answer.status_code == 422
    first = answer.json()["detail"][0]
    assert first["loc"][: len(place)] == place
    assert first["msg"]
    assert first["type"]
    assert refusing.handed.empty()


def test_what_is_too_large_is_refused_before_it_is_all_there(refusing: Listening) -> None:
    large = body_of({**POST, "text": "x" * 3_000})
    assert send(refusing.url, large).status_code == 413

    def parts() -> Iterator[bytes]:
        yield from (large[start : start + 500] for start in range(0, len(large), 500))

    chunked = httpx.post(f"{refusing.url}/ingest", content=parts(), headers=signed(large), trust_env=False)
    assert chunked.status_code == 413


def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    with listening(tmp_path, webhook_wait_s=0.2) as found:
        host, port = found.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 60) as slow:
            head = f"POST /ingest HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 10\r\n\r\n{{"
            slow.sendall(head.encode())
            assert b" 408 " in slow.recv(100)


def test_other_addresses_and_methods_are_not_there(refusing: Listening) -> None:
    assert httpx.get(f"{refusing.url}/ingest", trust_env=False).status_code == 405
    assert httpx.post(f"{refusing.url}/", trust_env=False).status_code == 404
    assert httpx.get(f"{refusing.url}/health", trust_env=False).json() == {"status": "ok"}


def test_used_signatures_are_forgotten_once_their_time_refuses_them() -> None:
    used = Used()
    assert used.take("a", 1_000)
    assert not used.take("a", 1_000 + WINDOW_S)
    used.give_back("a")
    assert used.take("a", 1_000)
    assert used.take("b", 1_001 + 2 * WINDOW_S)
    assert used.take("a", 1_001 + 2 * WINDOW_S)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no senders"),
        ("[[senders]]\nname = 'a'\ntoken = 'short'\nkey = 'a-key-of-sixteen-'", "token"),
        ("[[senders]]\nname = 'A b'\ntoken = 'a-token-of-sixteen'\nkey = 'a-key-of-sixteen-'", "name"),
        (
            "[[senders]]\nname = 'a'\ntoken = 'a-token-of-sixteen'\nkey = 'a-key-of-sixteen-'\n" * 2,
            "two senders with one name",
        ),
        ("senders", "not TOML"),
    ],
)
def test_a_list_of_senders_that_is_wrong_says_where_and_no_secret(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "senders.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Fatal, match=told) as caught:
        load_senders(path)
    assert "sixteen" not in str(caught.value)


def test_without_senders_or_a_free_port_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="DENYUT_WEBHOOK_SENDERS"):
        Webhook(ProducerSettings())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = {
            "webhook_senders": senders_file(tmp_path / "s.toml"),
            "webhook_port": taken.getsockname()[1],
        }
        collector = Webhook(ProducerSettings.model_validate(given))
        out: SimpleQueue[Handed | None] = SimpleQueue()
        Reading(collector, SOURCE, {}, out).start()
        handed = out.get(timeout=60)
        assert handed is not None
        assert isinstance(handed.what, Ended)
        assert isinstance(handed.what.error, Fatal)


def test_only_so_many_posts_come_in_one_request(tmp_path: Path) -> None:
    with listening(tmp_path) as found:
        many = body_of(*({"id": str(number), "text": "x"} for number in range(MOST_POSTS + 1)))
        assert send(found.url, many).status_code == 422


@pytest.mark.parametrize("sent", [b"", b"POST /", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HT"])
def test_a_connection_without_a_whole_head_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(serving, "_HEAD_S", 0.2)
    monkeypatch.setattr(serving, "_KEEP_ALIVE_S", 1)
    with listening(tmp_path) as found:
        host, port = found.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            connection.sendall(sent)
            while connection.recv(1_000):
                pass


def test_a_head_without_an_end_is_refused(refusing: Listening) -> None:
    host, port = refusing.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000)
        assert connection.recv(1_000).startswith(b"HTTP/1.1 400 ")
