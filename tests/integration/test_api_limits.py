"""What one api allows at once, and what it does with clients that are old, slow or want only the newest."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher, mention, trend
from tests.support.sse import SseClient
from tests.support.topics import create_topics

pytestmark = pytest.mark.kafka


@pytest.fixture
def publisher(kafka: Broker, prefix: str) -> Publisher:
    create_topics(kafka.bootstrap, prefix, LIVE)
    return Publisher(kafka.bootstrap, prefix)


@pytest.fixture
def start_api(
    kafka: Broker, prefix: str, publisher: Publisher, tmp_path: Path
) -> Iterator[Callable[..., Api]]:
    started: list[Api] = []

    def start(**settings: object) -> Api:
        own = {"stream_heartbeat_s": 0.3, "stream_retry_ms": 100, "stream_send_timeout_s": 2, **settings}
        started.append(Api(kafka.bootstrap, prefix, tmp_path / f"api{len(started)}.log", **own))
        return started[-1].start()

    yield start
    for api in started:
        api.stop()


def refused(api: Api) -> httpx.Response:
    with httpx.stream("GET", f"{api.url}/api/v1/stream", timeout=30) as answer:
        answer.read()
        return answer


def test_an_address_has_its_share_and_a_stalled_stream_is_dropped(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api(stream_per_address=2, stream_socket_bytes=4096, stream_buffer_bytes=100_000_000)
    reading = SseClient(api.url, {"text": "Istimewa"}).connect().opened()
    stalled = _reads_nothing_more(api)
    answer = refused(api)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "2 streams are open to this address" in answer.json()["detail"]
    publisher.publish(mention(1, text="kabar ISTIMEWA hari ini"), mention(2, title="istimewa"), mention(3))
    reading.expect("mentions", 2)
    for start in range(10, 110, 20):
        publisher.publish(*[mention(number, text="x" * 20_000) for number in range(start, start + 20)])
    metrics = _metrics(api, 'denyut_stream_closes_total{reason="stalled"} 1.0')
    assert 'denyut_stream_refused_total{limit="address"} 1.0' in metrics
    again = SseClient(api.url).connect().opened()
    assert reading.open
    assert sorted(one["id"] for one in reading.of("mentions")) == ["x:1", "x:2"]
    for client in (reading, again):
        client.stop()
    stalled.close()


def test_who_leaves_while_a_stream_is_opened_for_him_is_no_error_and_keeps_no_place(
    start_api: Callable[..., Api],
) -> None:
    api = start_api(stream_per_address=2, stream_openings_s=10_000)
    first = SseClient(api.url).connect().opened()
    request = f"GET /api/v1/stream?last_event_id={first.last_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    first.stop()
    parts = urlsplit(api.url)
    for _ in range(20):
        with socket.create_connection((parts.hostname, parts.port), 30) as leaving:
            leaving.sendall(request)
            # Closed so, it is reset: the other side is told at once, while it asks Kafka where to begin.
            leaving.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _metrics(api, "denyut_stream_connections 0.0")
    both = [SseClient(api.url).connect().opened() for _ in range(2)]
    assert "Exception in ASGI application" not in api.output()
    for client in both:
        client.stop()


def test_an_old_stream_ends_and_goes_on_where_it_was(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api(stream_max_age_s=1)
    client = SseClient(api.url).connect().opened()
    client.until(lambda: not client.open, "the end of the old stream", 60)
    assert client.of("close") == [{"reason": "age"}]
    publisher.publish(mention(1))

    def told() -> bool:
        """Over as many streams as it takes, for the next one is soon old, too."""
        if not client.open:
            client.connect()
        return bool(client.of("mentions"))

    client.until(told, "the mention")
    assert len(client.of("open")) > 1
    assert {one["gap"] for one in client.of("open")[1:]} == {None}
    assert _metrics(api, 'reason="age"}')
    client.stop()


def test_conflated_the_newest_of_each_key_is_kept_and_a_score_is_the_least_shown(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api()
    # What is committed together is handed out together, so of three revisions the last one is left.
    newest = SseClient(api.url, {"topics": "trends", "conflate": "latest"}).connect().opened()
    high = SseClient(api.url, {"topics": "trends", "min_score": "3"}).connect().opened()
    records = [
        trend("keyword", word, revision=revision, score=score)
        for revision, score in ((1, 1.0), (2, 3.0), (3, 2.0))
        for word in ("bbca", "bri")
    ]
    publisher.publish(*records, topic="trends")
    newest.until(
        lambda: (
            {one["revision"] for one in newest.of("trends")[-2:]} == {3}
            and len({one["subject"] for one in newest.of("trends")}) == 2
        ),
        "the newest of both",
    )
    high.expect("trends", 2)
    assert {one["revision"] for one in high.of("trends")} == {2}
    assert len(newest.of("trends")) < 6
    for client in (newest, high):
        client.stop()


def _reads_nothing_more(api: Api) -> socket.socket:
    """A client that reads no further than the `open` event, and whose kernel takes little."""
    parts = urlsplit(api.url)
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.settimeout(30)
    made.connect((parts.hostname, parts.port))
    made.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: denyut\r\n\r\n")
    read = b""
    while b"event: open" not in read:
        read += made.recv(1024)
    return made


def _metrics(api: Api, *wanted: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        text = api.get("/metrics").text
        if all(one in text for one in wanted):
            return text
        assert time.monotonic() < deadline, [line for line in text.splitlines() if "denyut_stream" in line]
        time.sleep(0.2)
