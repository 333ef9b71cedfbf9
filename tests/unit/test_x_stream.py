"""X's filtered stream: rules follow the keywords, lines become posts, and every end of a connection is told."""

import json
import time
from collections.abc import Iterator
from threading import Event
from typing import Any

import orjson
import pytest
from tweepy import StreamRule

from producers.base import Lasting
from producers.clock import now_ms
from producers.collectors.x import X
from producers.settings import ProducerSettings
from producers.wanted import NOTHING
from producers.x.live import STREAM
from producers.x.rules import changes, matched
from schemas.errors import Backpressure, Retryable
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.outcome import Driver, Outcome
from tests.support.upstreams.x import USER, XUpstream, tweet

PATH = "/2/tweets/search/stream"


@pytest.fixture
def server() -> Iterator[XUpstream]:
    upstream = XUpstream()
    yield upstream
    upstream.close()


def driver(server: XUpstream, **more: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    settings = {**given, "x_stream_budget": 100_000, **more}
    return Driver(server.build(ProducerSettings.model_validate(settings)))


def line(number: int, *tags: str, **fields: Any) -> bytes:
    """A post as the stream brings it."""
    sent = {
        "data": tweet(1_900_000_000_000_000_000 + number, now_ms(), f"IHSG {number}"),
        "includes": {"users": [USER]},
        "matching_rules": [{"id": "1", "tag": tag} for tag in tags],
        **fields,
    }
    return json.dumps(sent).encode()


def test_rules_are_made_equal_to_the_keywords_and_those_of_others_stay() -> None:
    present = [
        {"id": "1", "value": "a -is:retweet", "tag": "denyut:a"},
        {"id": "2", "value": "old", "tag": "denyut:b"},
        {"id": "3", "value": "gone", "tag": "denyut:gone"},
        {"id": "4", "value": "theirs", "tag": "someone"},
        {"id": "5", "value": "untagged"},
        {"id": "6", "value": "a -is:retweet", "tag": "denyut:a"},
    ]
    added, gone = changes(present, {"a": "a -is:retweet", "b": "new", "c": "c"})
    assert added == [StreamRule(value="new", tag="denyut:b"), StreamRule(value="c", tag="denyut:c")]
    assert gone == ["2", "3", "6"]
    assert changes(None, {}) == ([], [])
    unreadable: list[object] = [{}, [{"value": "x"}]]
    for wrong in unreadable:
        with pytest.raises(Retryable, match="cannot be read"):
            changes(wrong, {})


def test_a_line_names_the_keywords_that_it_was_brought_for() -> None:
    rules = [{"id": "1", "tag": "denyut:b"}, {"id": "2", "tag": "denyut:a"}, {"id": "3", "tag": "someone"}, 7]
    assert matched({"matching_rules": rules}) == ["a", "b"]
    assert matched({}) == []


def test_lines_become_posts_and_a_connection_that_ends_is_an_error_to_come_back_from(
    server: XUpstream,
) -> None:
    server.said.keywords = [keyword("ihsg", text="IHSG"), keyword("beras", text="harga beras")]
    server.rules = [{"id": "99", "value": "old", "tag": "denyut:old"}]
    server.made = 99
    server.lines = [
        line(1, "denyut:ihsg"),
        line(2, "denyut:ihsg", "denyut:beras"),
        line(3, "someone"),
        b"{not json",
        b'{"errors": [{"title": "operational-disconnect"}]}',
        line(4, "denyut:ihsg", data={"id": "4"}),
    ]
    found = driver(server)
    assert found.collector.sources()[-1] == STREAM
    assert found.collector.parallel == 2
    run = found.run(STREAM)
    assert [(post["id"][-1], post["matched"], post["source"]) for post in run.posts] == [
        ("1", ["ihsg"], STREAM),
        ("2", ["beras", "ihsg"], STREAM),
    ]
    assert run.posts[0]["author_handle"] == USER["username"]
    assert len(run.refused) == 3
    assert "X has closed the stream" in str(run.run["error"])
    assert isinstance(run.problem, Retryable)
    assert orjson.loads(found.cursors["stream-budget"])["used"] == 6, "whatever came was paid for"
    assert {rule["tag"]: rule["value"] for rule in server.rules} == {
        "denyut:ihsg": "IHSG -is:retweet",
        "denyut:beras": '"harga beras" -is:retweet',
    }
    [asked] = server.server.at(PATH)
    assert "note_tweet" in asked.query["tweet.fields"]


def test_a_stream_that_is_well_leaves_runs_and_stays_connected(server: XUpstream) -> None:
    server.hold_s = 300
    found = driver(server, x_rules_s=0.5, x_interval_s=77)
    assert found.collector.next_run_s(STREAM) == 77, "nothing is followed yet"
    quiet = found.run(STREAM)
    assert (quiet.run["outcome"], quiet.problem) == ("empty", None)
    assert (found.collector.next_run_s(STREAM) or 0) < 1, "read on at once"
    expected = server.publish(3)
    brought: list[Outcome] = []
    deadline = time.monotonic() + 120
    # On a busy machine a run as short as this one may be over before they come.
    while len(ids := [one for run in brought for one in run.ids]) < len(expected):
        assert time.monotonic() < deadline, f"{ids} of {expected}"
        brought.append(found.run(STREAM))
        assert (brought[-1].run["outcome"] == "ok") == bool(brought[-1].ids)
        assert brought[-1].problem is None
    assert ids == expected
    assert len(server.server.at(PATH)) == 1
    looked = 1 + len(brought)
    assert len(server.server.at(f"{PATH}/rules")) == looked + 1, "looked at before each run, and made once"
    server.said.keywords = []
    assert found.run(STREAM).run["error"] == NOTHING
    assert found.collector.next_run_s(STREAM) == 77, "let go of, for there is nothing to follow"


def test_rules_that_are_as_they_should_be_are_left_alone(server: XUpstream) -> None:
    found = driver(server)
    found.run(STREAM)
    before = len(server.server.at(f"{PATH}/rules"))
    found.run(STREAM)
    assert len(server.server.at(f"{PATH}/rules")) == before + 1, "looked at, and nothing changed"


def test_more_keywords_than_rules_and_queries_that_are_none_are_named(server: XUpstream) -> None:
    server.said.keywords = [
        keyword("first", priority=5),
        keyword("wrong", priority=4, query="("),
        keyword("last", priority=1),
    ]
    collector = driver(server, x_rules=1).collector
    batches = collector.collect(STREAM, {}, Event())
    told = str(next(batches).remark)
    batches.close()
    assert "wrong (it ends where a word should follow)" in told
    assert "last (more than DENYUT_X_RULES)" in told
    server.said.keywords = []
    run = driver(server).run(STREAM).run
    assert (run["outcome"], run["error"]) == ("empty", NOTHING)


@pytest.mark.parametrize(
    ("path", "reply", "kind", "told"),
    [
        (PATH, Reply(403), Lasting, "DENYUT_X_BEARER_TOKEN"),
        (PATH, Reply(429), Backpressure, "connected too often"),
        (PATH, Reply(503), Retryable, "HTTP 503"),
        (PATH, Reply(404), Lasting, "HTTP 404"),
        (PATH, Reply(200, b"{}" * 50, cut=20), Retryable, "the stream"),
        (f"{PATH}/rules", Reply(401, b"{}"), Lasting, "DENYUT_X_BEARER_TOKEN"),
        (f"{PATH}/rules", Reply(200, b'{"data": 3}'), Retryable, "the rules are no list"),
    ],
)
def test_what_ends_a_stream_is_told(
    server: XUpstream, path: str, reply: Reply, kind: type[Retryable], told: str
) -> None:
    server.server.answers[path] = reply
    found = driver(server).run(STREAM)
    assert type(found.problem) is kind
    assert told in str(found.run["error"])
    assert (found.run["outcome"] == "auth") == ("TOKEN" in told)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "40"}, 40, 40),
        ({"x-rate-limit-reset": "IN_300"}, 250, 301),
        ({"Retry-After": "40", "x-rate-limit-reset": "IN_300"}, 40, 40),
        ({"x-rate-limit-reset": "99999999999999"}, 900, 900),
        ({"x-rate-limit-reset": "soon"}, 900, 900),
        ({}, 900, 900),
    ],
)
def test_a_full_stream_is_left_alone_for_as_long_as_x_asks(
    server: XUpstream, headers: dict[str, str], least: float, most: float
) -> None:
    # Of now, for tests are collected long before they run.
    reset = str(now_ms() // 1000 + 300)
    given = {name: value.replace("IN_300", reset) for name, value in headers.items()}
    server.server.answers[PATH] = Reply(429, headers=given)
    found = driver(server).run(STREAM).problem
    assert isinstance(found, Backpressure)
    assert least <= found.retry_after <= most


def test_the_budget_ends_it_and_it_ends_when_it_is_told_to(server: XUpstream) -> None:
    server.lines = [line(number, "denyut:ihsg") for number in range(40)]
    found = driver(server, x_stream_budget=31)
    run = found.run(STREAM)
    assert 31 <= len(run.posts) <= 40, "what has come is published, and no more is asked for"
    assert isinstance(run.problem, Backpressure)
    assert "DENYUT_X_STREAM_BUDGET" in str(run.problem)
    stop = Event()

    def told_to_stop(_: Asked) -> Reply:
        stop.set()
        return Reply(body=b"\r\n" * 8, drip_s=0.5)

    server.server.answers[PATH] = told_to_stop
    assert list(driver(server).collector.collect(STREAM, {}, stop)) == []


def test_without_a_budget_there_is_no_stream(server: XUpstream) -> None:
    settings = ProducerSettings.model_validate({"x_bearer_token": "t"})
    collector = X(settings, Said())
    assert (STREAM in collector.sources(), collector.parallel) == (False, 1)
    assert collector.timeout_s == settings.run_timeout_s
    live = X(ProducerSettings.model_validate({"x_bearer_token": "t", "x_stream_budget": 9}), Said())
    assert live.timeout_s == settings.run_timeout_s + settings.x_rules_s, "longer than a run of the stream"
