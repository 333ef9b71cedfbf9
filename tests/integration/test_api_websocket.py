import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from api.access.credentials import COOKIE
from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher, mention
from tests.support.sse import SseClient
from tests.support.tokens import ISSUER, SECRET, token
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka
Event = dict[str, Any]


class Socket:
    """One WebSocket, its events in order of arrival."""

    def __init__(self, url: str, query: str = "", **more: Any) -> None:
        self.raw: ClientConnection = connect(
            url.replace("http", "ws", 1) + "/api/v1/ws" + query, proxy=None, legacy=True, **more
        )
        self.events: list[Event] = []

    def of(self, name: str) -> list[Any]:
        return [one["data"] for one in self.events if one["event"] == name]

    def expect(self, name: str, count: int) -> "Socket":
        """Read until so many events of a name have come."""
        while len(self.of(name)) < count:
            self.events += json.loads(self.raw.recv(timeout=60))
        return self

    def end(self) -> tuple[int, str]:
        """Read until it is closed; the code and the reason."""
        with suppress(ConnectionClosed):
            while True:
                self.events += json.loads(self.raw.recv(timeout=200))
        code, reason = self.raw.close_code, self.raw.close_reason
        assert code is not None
        assert reason is not None
        return code, reason


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"ws{time.time_ns()}."


@pytest.fixture(scope="module")
def start_api(
    kafka: Broker, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Api]]:
    create_topics(kafka.bootstrap, prefix, LIVE)
    with ExitStack() as started:

        def start(**settings: object) -> Api:
            own = {
                "token_secret": SECRET,
                "token_issuer": ISSUER,
                "token_leeway_s": 0,
                "stream_heartbeat_s": 0.3,
                "drain_s": 2,
                **settings,
            }
            api = Api(kafka.bootstrap, prefix, tmp_path_factory.mktemp("api") / "api.log", **own).start()
            started.callback(api.stop)
            return api

        yield start


@pytest.fixture(scope="module")
def api(start_api: Callable[..., Api]) -> Api:
    return start_api(allowed_origins="https://partner.test")


@pytest.fixture(scope="module")
def publisher(kafka: Broker, prefix: str, api: Api) -> Publisher:
    return Publisher(kafka.bootstrap, prefix)


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


def refused(api: Api, query: str = "", **more: Any) -> tuple[int, Any, Any]:
    with pytest.raises(InvalidStatus) as answered:
        Socket(api.url, query, **more)
    answer = answered.value.response
    assert answer.body is not None
    return answer.status_code, json.loads(answer.body)["detail"], answer.headers


def test_it_has_the_events_ids_and_heartbeats_of_the_stream(api: Api, publisher: Publisher) -> None:
    sse = SseClient(api.url, {"keyword": "same"}).connect().opened()
    ws = Socket(api.url, "?keyword=same").expect("open", 1)
    publisher.publish(*[mention(number, keywords=["same"] if number % 3 else []) for number in range(60)])
    publisher.publish(mention(61, keywords=["same"], text='quo"te\nline \u2028 \\n'))
    ws.expect("mentions", 41).expect("heartbeat", len(ws.of("heartbeat")) + 1)
    sse.expect("mentions", 41)
    sse.stop()
    assert [(one["id"], one["data"]) for one in ws.events if one["event"] == "mentions"] == [
        (one.id, one.data) for one in sse.events if one.event == "mentions"
    ]
    assert ws.events[0]["event"] == "open"
    assert ws.events[0]["retry"] == 2000
    assert ws.events[0]["data"]["filter"] == {"keyword": ["same"]}
    assert all(one["id"] for one in ws.events)
    assert ws.of("heartbeat")[-1]["position"] == ws.events[-1]["id"]
    ws.raw.close()


def test_it_goes_on_after_an_id_of_either(api: Api, publisher: Publisher) -> None:
    query = "?keyword=again"
    first = Socket(api.url, query).expect("open", 1)
    publisher.publish(*[mention(number, keywords=["again"]) for number in range(10)])
    first.expect("mentions", 4)
    first.raw.close()
    seen = [one for one in first.events if one["event"] == "mentions"]
    cut = next(one["id"] for one in seen)
    rest = [one["data"]["id"] for one in seen[1:]]
    by_query = Socket(api.url, f"{query}&last_event_id={cut}").expect("mentions", 9)
    by_header = Socket(api.url, f"{query}&last_event_id=other", additional_headers={"Last-Event-ID": cut})
    by_header.expect("mentions", 9)
    for own in (by_query, by_header):
        ids = [one["id"] for one in own.of("mentions")]
        assert len(ids) == len(set(ids)) == 9
        assert set(rest) <= set(ids)
        assert seen[0]["data"]["id"] not in ids
        assert own.of("open")[0]["requested"] == cut
        own.raw.close()


def test_an_id_that_cannot_be_read_is_answered_with_a_reset(api: Api) -> None:
    own = Socket(api.url, "?last_event_id=nonsense").expect("reset", 1)
    assert own.of("reset")[0]["reasons"] == ["unknown"]
    own.raw.close()


def test_what_is_refused_is_refused_before_the_handshake(api: Api) -> None:
    status, detail, _ = refused(api, "?topics=weather")
    assert (status, detail[0]["loc"]) == (422, ["query", "topics", 0])
    status, detail, headers = refused(api, additional_headers={"Authorization": "Bearer nonsense"})
    assert (status, detail) == (401, "this is no token")
    assert headers["WWW-Authenticate"].startswith('Bearer realm="denyut", error="invalid_token"')
    assert refused(api, "?topics=trends", additional_headers=bearer(scope="read:mentions"))[0] == 403
    secret = token()
    status, detail, _ = refused(api, f"?token={secret}")
    assert status == 400
    assert secret not in detail + api.output()


def test_only_pages_of_this_origin_or_an_allowed_one_may_open_it(api: Api) -> None:
    cookie = {"Cookie": f"{COOKIE}={token(sub='ani')}"}
    for origin in ("https://evil.test", "null", api.url + "0"):
        assert refused(api, origin=origin, additional_headers=cookie)[0] == 403
        assert refused(api, origin=origin)[0] == 403
    for origin in (api.url, "https://partner.test"):
        Socket(api.url, origin=origin, additional_headers=cookie).expect("open", 1).raw.close()


def test_it_ends_with_the_token(api: Api) -> None:
    own = _ending(api).expect("open", 1)
    assert own.end() == (4401, "expired")
    assert own.of("close") == [{"reason": "expired"}]


def _ending(api: Api) -> Socket:
    """One whose token ends soon: as soon as it can be while the opening takes as long as it does here."""
    for seconds in (2, 16):
        with suppress(InvalidStatus):
            return Socket(api.url, additional_headers=bearer(exp=int(time.time()) + seconds))
    return Socket(api.url, additional_headers=bearer(exp=int(time.time()) + 128))


def test_it_is_not_talked_to(api: Api) -> None:
    own = Socket(api.url).expect("open", 1)
    own.raw.send("hello")
    assert own.end()[0] == 1003
    large = Socket(api.url).expect("open", 1)
    large.raw.send("x" * 10_000)
    assert large.end()[0] == 1009


def test_a_place_is_given_back_however_it_ends(start_api: Callable[..., Api]) -> None:
    api = start_api(stream_per_address=2)
    held = [Socket(api.url).expect("open", 1) for _ in range(2)]
    status, _, headers = refused(api)
    assert (status, headers["Retry-After"]) == (429, "5")
    held[0].raw.close()
    # Without a word: the process at the other end is gone.
    held[1].raw.socket.close()

    def free() -> bool:
        try:
            Socket(api.url).expect("open", 1).raw.close()
        except InvalidStatus:
            return False
        return True

    for _ in range(4):
        until(free, "a place is free")
    until(lambda: "denyut_stream_connections 0.0" in api.get("/metrics").text, "all have gone")


def test_who_does_not_read_is_closed(start_api: Callable[..., Api], publisher: Publisher) -> None:
    api = start_api(stream_buffer_bytes=65_536, stream_socket_bytes=16_384, stream_send_timeout_s=3)
    own = Socket(api.url, "?keyword=slow", max_queue=1).expect("open", 1)
    text = "x" * 5000
    for start in range(0, 2000, 100):
        publisher.publish(*[mention(n, keywords=["slow"], text=text) for n in range(start, start + 100)])
    until(lambda: _closes(api, "overflow") + _closes(api, "stalled") == 1, "the end of who does not read")
    own.raw.socket.close()


def _closes(api: Api, reason: str) -> float:
    name = f'denyut_stream_closes_total{{reason="{reason}"}} '
    return sum(
        float(line[len(name) :]) for line in api.get("/metrics").text.splitlines() if line.startswith(name)
    )


def test_the_farewell_says_to_come_back(start_api: Callable[..., Api]) -> None:
    api = start_api()
    own = Socket(api.url).expect("open", 1)
    stopped = api.stop()
    assert own.end() == (1012, "shutdown")
    assert own.of("close") == [{"reason": "shutdown"}]
    assert stopped == 0
