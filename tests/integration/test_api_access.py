import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from api.access.credentials import COOKIE
from api.access.scopes import BY_TOPIC, OPEN
from api.catalogue import LIVE
from api.openapi.operation import Operation
from api.operations import OPERATIONS
from schemas.topics import TOPICS
from tests.support.alerting import rule
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.markets import alert
from tests.support.mentions import Publisher, mention
from tests.support.sse import SseClient
from tests.support.tokens import SETTINGS, key_file, token
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka
GUARDED = [one for one in OPERATIONS if one.access != OPEN]
LEEWAY_S = 0.5


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("keys") / "keys.toml"
    made = key_file(
        path,
        program={"owner": "dewi", "scopes": ["read:mentions"]},
        old={"owner": "dewi", "scopes": ["*"], "expires": "2020-01-01"},
    )
    return {**made, "": str(path)}


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"access{time.time_ns()}."


@pytest.fixture(scope="module")
def api(
    kafka: Broker, prefix: str, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    create_topics(kafka.bootstrap, prefix, [*LIVE, "rules"])
    own: dict[str, Any] = {
        **SETTINGS,
        "api_keys": keys[""],
        "token_leeway_s": LEEWAY_S,
        "stream_heartbeat_s": 0.3,
        "stream_retry_ms": 50,
    }
    running = Api(kafka.bootstrap, prefix, tmp_path_factory.mktemp("api") / "api.log", **own).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def publisher(kafka: Broker, prefix: str, api: Api) -> Publisher:
    return Publisher(kafka.bootstrap, prefix)


@pytest.fixture
def ask(api: Api) -> Callable[..., httpx.Response]:
    def asked(path: str, method: str = "GET", content: str | None = None, **headers: str) -> httpx.Response:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        # A stream does not end: its head is enough.
        with httpx.stream(
            method, api.url + path, headers=given, content=content, timeout=30, verify=False
        ) as answer:
            if not answer.headers.get("content-type", "").startswith("text/event-stream"):
                answer.read()
            return answer

    return asked


def bearer(**changes: Any) -> str:
    return f"Bearer {token(**changes)}"


def named(one: Operation) -> str:
    return f"{one.method} {one.path}"


@pytest.mark.parametrize("one", GUARDED, ids=named)
def test_every_operation_asks_who_asks(ask: Callable[..., httpx.Response], one: Operation) -> None:
    nobody = ask(one.path, one.method)
    assert nobody.status_code == 401
    assert nobody.headers["www-authenticate"] == 'Bearer realm="denyut"'
    wrong = ask(one.path, one.method, authorization="Bearer nonsense")
    assert wrong.status_code == 401
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    late = ask(one.path, one.method, authorization=bearer(exp=int(time.time()) - 60))
    assert (late.status_code, late.json()["detail"]) == (401, "the token has expired")
    other = ask(one.path, one.method, authorization=bearer(scope="read:nothing"))
    scope = one.access if one.access != BY_TOPIC else "read:mentions"
    assert other.status_code == 403
    assert (
        f'error="insufficient_scope", error_description="this needs the scope {scope}"'
        in other.headers["www-authenticate"]
    )
    # Let in, it may still lack a parameter, or ClickHouse, which is not there.
    assert ask(one.path, one.method, authorization=bearer(scope=scope)).status_code in (200, 422, 503)


@pytest.mark.parametrize("one", GUARDED, ids=named)
def test_a_token_in_the_address_is_refused_and_not_repeated(
    api: Api, ask: Callable[..., httpx.Response], one: Operation
) -> None:
    secret = token()
    answer = ask(f"{one.path}?access_token={secret}", one.method, authorization=f"Bearer {secret}")
    assert answer.status_code == 400
    assert "never stands in the address" in answer.json()["detail"]
    assert secret not in answer.text + str(answer.headers) + api.output()


def test_what_is_open_stays_open(ask: Callable[..., httpx.Response]) -> None:
    for path in (
        "/",
        "/docs",
        "/static/js/main.js",
        "/api/v1/openapi.json",
        "/api/v1/asyncapi.json",
        "/metrics",
    ):
        assert ask(path).status_code == 200, path
    assert ask("/health").status_code == 503, "there is no ClickHouse here"


def test_a_key_opens_what_it_is_for(ask: Callable[..., httpx.Response], keys: dict[str, str]) -> None:
    assert ask("/api/v1/stream", x_api_key=keys["program"]).status_code == 200
    assert ask("/api/v1/stream", authorization=f"Bearer {keys['program']}").status_code == 200
    assert ask("/api/v1/stream?topics=mentions,alerts", x_api_key=keys["program"]).status_code == 403
    assert ask("/api/v1/stream", x_api_key=keys["old"]).json()["detail"] == "the key has expired"


def test_each_topic_of_a_stream_needs_its_scope(ask: Callable[..., httpx.Response]) -> None:
    some = bearer(scope="read:mentions read:trends")
    assert ask("/api/v1/stream?topics=mentions,trends", authorization=some).status_code == 200
    refused = ask("/api/v1/stream?topics=mentions,trends,alerts", authorization=some)
    assert refused.status_code == 403
    assert 'scope="read:alerts"' in refused.headers["www-authenticate"]
    assert ask("/api/v1/stream?since=0", authorization=bearer(scope="sql")).status_code == 403


def test_a_browser_logs_in_and_out(ask: Callable[..., httpx.Response]) -> None:
    assert ask("/api/v1/session").json() == {
        "anonymous": False,
        "user": None,
        "scopes": [],
        "expires_at": None,
    }
    own = token(sub="ani", scope="read:mentions")
    begun = ask("/api/v1/session", "POST", own)
    assert begun.json()["user"] == "ani"
    kept = begun.headers["set-cookie"]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} < {part.strip() for part in kept.split(";")}
    assert 500 < int(kept.split("Max-Age=")[1].split(";")[0]) <= 601
    cookie = kept.split(";")[0]
    assert ask("/api/v1/session", cookie=cookie).json()["scopes"] == ["read:mentions"]
    assert ask("/api/v1/stream", cookie=cookie).status_code == 200
    assert ask("/api/v1/stream", cookie=cookie, sec_fetch_site="cross-site").status_code == 403
    ended = ask("/api/v1/session", "DELETE", cookie=cookie)
    assert ended.json()["user"] is None
    assert "Max-Age=0" in ended.headers["set-cookie"]


def test_a_cookie_that_does_not_hold_is_taken_back(ask: Callable[..., httpx.Response]) -> None:
    answer = ask("/api/v1/stream", cookie=f"{COOKIE}=nonsense")
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize("content", ["", "a b", "a;b", "x\r\nSet-Cookie: a=b", "ä", "x" * 4000])
def test_what_is_no_credential_begins_no_session(ask: Callable[..., httpx.Response], content: str) -> None:
    answer = ask("/api/v1/session", "POST", content)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_log_its_reader_in(ask: Callable[..., httpx.Response]) -> None:
    for method in ("POST", "DELETE"):
        answer = ask("/api/v1/session", method, token(), sec_fetch_site="cross-site")
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_an_alert_with_an_owner_reaches_him_alone_live_and_in_replay(api: Api, publisher: Publisher) -> None:
    def listen(user: str, last_id: str = "") -> SseClient:
        client = SseClient(api.url, {"topics": "alerts"}, headers={"Authorization": bearer(sub=user)})
        return client.connect(last_id or None).opened()

    def seen(client: SseClient) -> list[str]:
        return sorted(one["id"] for one in client.of("alerts"))

    live = {user: listen(user) for user in ("ani", "budi")}
    begun = {user: client.last_id for user, client in live.items()}
    records = [alert(1, owner="ani"), alert(2, owner="budi"), alert(3, owner=None), alert(4, owner="Ani")]
    publisher.publish(*records, topic="alerts")
    late = {user: listen(user, begun[user]) for user in live}
    for clients in (live, late):
        for user, own in (("ani", (0, 2)), ("budi", (1, 2))):
            client, wanted = clients[user], sorted(records[number]["id"] for number in own)
            client.until(lambda c=client: len(seen(c)) >= 2, "both alerts")  # type: ignore[misc]  # bound now
            # A heartbeat later, nothing else has come.
            client.expect("heartbeat", len(client.of("heartbeat")) + 1)
            assert seen(client) == wanted
            client.stop()


def test_a_stream_ends_with_its_token_and_says_so(api: Api) -> None:
    # On a busy machine a token may have ended before the stream has begun: then a longer one.
    for seconds in (2, 16, 128):
        ends = int(time.time()) + seconds
        client = SseClient(api.url, headers={"Authorization": bearer(exp=ends)}).connect()
        client.until(lambda c=client: bool(c.of("open")) or not c.open, "a stream, or a refusal")  # type: ignore[misc]  # bound now
        if client.of("open"):
            break
    client.expect("close", 1, patience_s=200)
    assert client.events[-1].event == "close"
    assert client.events[-1].data == {"reason": "expired"}
    # The loop's clock counts milliseconds, and is not this one.
    assert client.events[-1].at >= ends + LEEWAY_S - 0.1
    client.until(lambda: not client.open, "the end of the connection")
    client.connect()
    client.until(lambda: not client.open, "the refusal")
    assert client.status == 401
    told = 'denyut_stream_closes_total{reason="expired"} 1.0'
    until(lambda: told in api.get("/metrics").text, "the end is counted")


def test_nothing_said_by_a_client_enters_the_frames_as_lines(api: Api) -> None:
    for dirty in ("a\r\ndata: x", "a\nid: x", "a\x00b"):
        client = SseClient(
            api.url,
            {"keyword": dirty, "last_event_id": dirty},
            headers={"Authorization": bearer()},
        )
        client.connect().opened()
        client.expect("heartbeat", 1)
        client.stop()
        assert {one.event for one in client.events} == {"open", "reset", "heartbeat"}
        assert all(set(one.id) <= _URL_SAFE for one in client.events)
        assert client.of("open")[0]["filter"] == {"keyword": [dirty]}


_URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def test_the_metrics_of_the_stream_are_counted(api: Api, publisher: Publisher) -> None:
    def value(name: str) -> float:
        lines = api.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    own = {"Authorization": bearer()}
    first = SseClient(api.url, {"keyword": "counted"}, headers=own).connect().opened()
    begun, replayed, handed = (
        first.last_id,
        value("denyut_stream_replayed_total"),
        value("denyut_stream_latency_seconds_count"),
    )
    publisher.publish(mention(1, keywords=["counted"]))
    first.expect("mentions", 1)
    until(lambda: value("denyut_stream_latency_seconds_count") > handed, "it is counted")
    second = SseClient(api.url, {"keyword": "counted"}, headers=own).connect(begun).expect("mentions", 1)
    until(lambda: value("denyut_stream_replayed_total") > replayed, "what was replayed is counted")
    until(lambda: value("denyut_stream_connections ") == 2, "both are counted, and nobody who has gone")
    lags = [line for line in api.get("/metrics").text.splitlines() if line.startswith("denyut_stream_lag{")]
    assert len(lags) == sum(TOPICS[name].partitions(4) for name in LIVE)
    SseClient(api.url, headers=own).connect("nonsense").expect("reset", 1).stop()
    until(lambda: value('denyut_stream_resets_total{reason="unknown"}') >= 1, "the reset is counted")
    for client in (first, second):
        client.stop()


def test_a_rule_of_somebodys_is_shown_to_nobody_else_and_everyones_page_by_page(
    publisher: Publisher, ask: Callable[..., httpx.Response]
) -> None:
    made = [
        rule(id=f"everyones-{number}", kind="keyword", subject=f"keyword:k{number}") for number in range(5)
    ]
    owned = [rule(id=f"{owner}s", owner=owner, active=False) for owner in ("dewi", "budi")]
    publisher.publish(*map(dict, [*made, *owned]), topic="rules")

    def shown(query: str = "", **claims: Any) -> list[str]:
        answer = ask(f"/api/v1/rules?{query}", authorization=bearer(scope="read:alerts", **claims))
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["rules"]]

    ids = [one["id"] for one in made]
    assert shown(sub="sri") == ids
    assert shown(sub="dewi") == ["dewis", *ids]
    assert shown("own=true", sub="dewi") == ["dewis"]
    assert shown("own=true", sub="sri") == []
    assert shown("active=false", sub="budi") == ["budis"]
    assert shown("subject=keyword:k2&kind=keyword", sub="budi") == ["everyones-2"]
    assert shown("kind=price_move", sub="budi") == []
    pages, cursor = [], ""
    while True:
        answer = ask(
            f"/api/v1/rules?limit=2{cursor}", authorization=bearer(scope="read:alerts", sub="dewi")
        ).json()
        pages.append([one["id"] for one in answer["rules"]])
        if answer["next"] is None:
            break
        cursor = f"&before={answer['next']}"
    assert pages == [["dewis", ids[0]], ids[1:3], ids[3:]]
    # What was changed before a request is seen by it.
    publisher.publish({**made[0], "revision": 2, "severity": "critical"}, topic="rules")
    assert shown("severity=critical", sub="sri") == [ids[0]]
    assert ask("/api/v1/rules?before=x", authorization=bearer(scope="read:alerts")).status_code == 422
