import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher, mention
from tests.support.rooms import ROOT
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka


@pytest.fixture
def api(kafka: Broker, prefix: str, tmp_path: Path) -> Iterator[Api]:
    create_topics(kafka.bootstrap, prefix, LIVE)
    own = Api(kafka.bootstrap, prefix, tmp_path / "api.log", stream_heartbeat_s=0.3)
    yield own.start()
    own.stop()


def test_every_error_is_json_and_safe(api: Api) -> None:
    missing = api.get("/nope")
    assert (missing.status_code, missing.json()) == (404, {"detail": "Not Found"})
    assert "default-src 'none'" in missing.headers["content-security-policy"]
    wrong = httpx.post(api.url + "/api/v1/mentions")
    assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})
    refused = api.get("/api/v1/stream", topics="posts", nope="1")
    assert refused.status_code == 422
    assert [one["loc"] for one in refused.json()["detail"]] == [["query", "topics", 0], ["query", "nope"]]
    assert api.get("/api/v1/mentions", before="junk").json()["detail"][0]["loc"] == ["query", "before"]
    assert api.get("/health", verbose="1").status_code == 422


def test_head_does_not_open_a_stream(api: Api) -> None:
    answer = httpx.head(api.url + "/api/v1/stream", timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_a_stream_and_its_refusal_are_counted_and_as_safe_as_all_else(api: Api) -> None:
    with httpx.stream("GET", api.url + "/api/v1/stream", timeout=60) as opened:
        assert opened.status_code == 200
        assert opened.headers["date"]
        stream = dict(opened.headers)
    refused = api.get("/api/v1/stream", nope="1")
    assert refused.status_code == 422
    safe = api.get("/nope").headers
    for name in ("content-security-policy", "x-content-type-options", "referrer-policy"):
        assert stream[name] == refused.headers[name] == safe[name]
    assert (stream["cache-control"], stream["connection"]) == ("no-store", "close")
    told = [f'denyut_http_requests_total{{route="/api/v1/stream",status="{one}"}}' for one in (200, 422)]
    until(lambda: all(one in api.get("/metrics").text for one in told), "both are counted")


def test_the_document_names_every_operation_and_parameter(api: Api) -> None:
    document = api.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    stream = document["paths"]["/api/v1/stream"]["get"]
    assert {one["name"] for one in stream["parameters"]} >= {"topics", "keyword", "since", "last_event_id"}
    for path, methods in document["paths"].items():
        answer = api.get(path, not_a_parameter="1")
        assert answer.status_code == 422, path
        assert methods["get"]["summary"]


def test_a_plain_request_is_told_to_upgrade(api: Api) -> None:
    answer = api.get("/api/v1/ws")
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "WebSocket" in answer.json()["detail"]


def test_metrics_count_requests_by_route_never_by_address(api: Api) -> None:
    api.get("/made-up-by-a-client")
    told = 'denyut_http_requests_total{route="other",status="404"} 1.0'
    until(lambda: told in api.get("/metrics").text, "the request is counted")
    assert "made-up" not in api.get("/metrics").text


def test_a_taken_port_is_one_clear_line(api: Api, kafka: Broker, prefix: str, tmp_path: Path) -> None:
    port = int(api.url.rsplit(":", 1)[1])
    second = Api(kafka.bootstrap, prefix, tmp_path / "second.log", api_port=port)
    with pytest.raises(RuntimeError, match=f"cannot listen on 127.0.0.1:{port}"):
        second.start()


def test_watch_prints_the_stream(api: Api, kafka: Broker, prefix: str) -> None:
    command = [sys.executable, "-m", "api", "watch", "--url", api.url, "--json", "--sentiment", "negative"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        opened = json.loads(watching.stdout.readline())
        assert opened["event"] == "open"
        publisher = Publisher(kafka.bootstrap, prefix)
        publisher.publish(mention(1), mention(2, sentiment="negative"))
        lines = (json.loads(line) for line in watching.stdout)
        found = next(line for line in lines if line["event"] == "mentions")
        watching.kill()
    assert found["data"]["id"] == "x:2"
    assert found["id"]
