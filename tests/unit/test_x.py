"""X: what is asked and paid for, what comes of an answer, and what every refusal becomes."""

import calendar
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import orjson
import pytest
import requests
import tweepy

import producers.collectors.x as x_module
from producers.base import Item, Lasting
from producers.budget import Budget
from producers.clock import now_ms
from producers.collectors.x import ENGAGEMENTS, SEARCH, X, build
from producers.settings import ProducerSettings
from producers.wanted import NOTHING, Wanted
from producers.x.place import REACH_MS, Place, id_at, stored
from producers.x.query import language, query_of
from producers.x.tweets import as_post
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from tests.support.endless import endless
from tests.support.keywords import Said, keyword
from tests.support.upstream import Reply
from tests.support.upstreams import Fault
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.x import USER, XUpstream, moment, problem, tweet

SEARCHED = "/2/tweets/search/recent"
DAY_MS = 86_400_000


@pytest.fixture
def server() -> Iterator[XUpstream]:
    upstream = XUpstream()
    yield upstream
    upstream.close()


def driver(server: XUpstream, *, cursors: dict[str, str] | None = None, **more: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(server.build(ProducerSettings.model_validate({**given, **more})), cursors or {})


def at(day: str) -> int:
    return round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def test_what_is_built_into_tweepy_was_read_in_this_version() -> None:
    assert tweepy.__version__ == "4.17.0", "read producers/x/session.py again"
    assert requests.Session().get_adapter("https://api.twitter.com/2/tweets") is not None


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        (Wanted("k", "IHSG", "", 3), "IHSG -is:retweet"),
        (Wanted("k", "harga beras", "", 3, ("id",)), '"harga beras" lang:in -is:retweet'),
        (Wanted("k", "x", "", 3, ("id", "en"), "a OR b"), "(a OR b) (lang:in OR lang:en) -is:retweet"),
        (Wanted("k", "x", "", 3, (), "a (b OR c) NOT d"), "a (b OR c) -d -is:retweet"),
    ],
)
def test_a_keyword_is_a_query_of_x(wanted: Wanted, query: str) -> None:
    assert query_of(wanted, 512) == query
    assert query_of(wanted, len(query)) == query
    with pytest.raises(ValueError, match=f"{len(query)} characters as a query of X, which takes"):
        query_of(wanted, len(query) - 1)


def test_x_keeps_former_codes_of_languages() -> None:
    assert [language(code) for code in ("in", "iw", "en", "und", "qme", None)] == [
        "id",
        "he",
        "en",
        None,
        None,
        None,
    ]


def test_an_answer_becomes_a_post_with_its_author_and_counts() -> None:
    number, when = id_at(at("2026-11-21")) + 5, at("2026-11-21")
    reply = tweet(
        number,
        when,
        "cut…",
        note_tweet={"text": "the whole of it"},
        referenced_tweets=[{"type": "quoted", "id": "1"}, {"type": "replied_to", "id": "2"}],
    )
    post = as_post(reply, {str(USER["id"]): USER}, ["ihsg"], SEARCH, when + 1_000)
    assert (post["id"], post["kind"], post["parent_id"]) == (f"x:{number}", "comment", "x:2")
    assert (post["text"], post["lang"], post["published_at"]) == ("the whole of it", "id", when)
    assert (post["author_id"], post["author_handle"], post["author_name"]) == (
        "2244994945",
        "pelaku_pasar",
        "Pelaku Pasar",
    )
    assert (post["author_followers"], post["author_verified"]) == (840, True)
    assert (post["likes"], post["shares"], post["comments"], post["views"]) == (5, 3, 3, 700)
    assert post["url"] == f"https://x.com/pelaku_pasar/status/{number}"
    bare = as_post({"id": "3", "text": "t", "created_at": moment(when)}, {}, [], SEARCH, when)
    assert (bare["kind"], bare["likes"], bare["shares"], bare["author_id"]) == ("post", None, None, None)
    with pytest.raises(Poison, match="no created_at"):
        as_post({"id": "3", "text": "t"}, {}, [], SEARCH, when)


def test_a_search_that_is_new_looks_back_no_further_than_it_should(server: XUpstream) -> None:
    now = now_ms()
    server.said.keywords = [
        keyword("old", monitoring_start=now - 100 * DAY_MS),
        keyword("recent", monitoring_start=now - 7_200_000),
    ]
    server.first_ms = now - 10_800_000
    server.publish(1)
    server.first_ms = now - 3_600_000
    inside = server.publish(1)
    found = driver(server, x_first_hours=168).run()
    since = {one.query["query"].split()[0]: int(one.query["since_id"]) for one in server.requests}
    assert abs((since["old"] >> 22) - (id_at(now - REACH_MS) >> 22)) < 60_000
    assert since["recent"] == id_at(now - 7_200_000)
    by = {post["id"]: post["matched"] for post in found.posts}
    assert by[inside[0]] == ["old"], "what two keywords find is published once"
    assert len(found.posts) == 2


def test_half_a_character_is_no_reason_to_stop(server: XUpstream) -> None:
    server.publish(1)
    server.tweets[0]["text"] = "IHSG naik \ud83d lagi"
    [post] = driver(server).run().posts
    assert post["text"] == "IHSG naik ? lagi"


def test_without_keywords_it_says_so(server: XUpstream) -> None:
    server.said.keywords = [keyword("off", active=False)]
    found = driver(server).run()
    assert (found.run["outcome"], found.run["error"], list(server.requests)) == ("empty", NOTHING, [])


def test_one_query_that_is_refused_does_not_keep_the_others_from_being_asked(server: XUpstream) -> None:
    expected = server.publish(2)
    server.said.keywords = [
        keyword("wrong", priority=5, query="(a"),
        keyword("long", priority=4, text="x" * 150, query=" ".join(["kata"] * 150)),
        keyword("good", priority=1),
    ]
    found = driver(server).run()
    assert found.ids == expected
    told = str(found.run["error"])
    assert "wrong (an opening parenthesis without its closing one)" in told
    assert "long (761 characters as a query of X, which takes 512)" in told


def test_reads_are_paid_for_once_and_stop_at_the_budget(
    server: XUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.publish(30)
    moment_ms = now_ms()
    monkeypatch.setattr(x_module, "now_ms", lambda: moment_ms)
    today = datetime.fromtimestamp(moment_ms / 1000, UTC)
    days = calendar.monthrange(today.year, today.month)[1] - today.day + 1
    # Twenty reads a day: after four pages of three, fewer are left than X lets anybody ask for.
    found = driver(server, x_budget=20 * days)
    run = found.run()
    assert run.run["outcome"] == "throttled"
    assert "DENYUT_X_BUDGET" in str(run.run["error"])
    spent = orjson.loads(found.cursors["budget"])
    assert spent["used"] == len(run.posts) == 12
    assert run.run["quota_left"] == 20 * days - 12
    asked = len(server.requests)
    again = driver(server, cursors=found.cursors, x_budget=20 * days).run()
    assert (again.run["outcome"], len(server.requests)) == ("throttled", asked), "kept over a restart"
    more = driver(server, cursors=found.cursors, x_budget=100_000).run()
    assert more.posts
    assert not set(more.ids) & set(run.ids)


def test_a_refusal_costs_nothing_and_a_crash_costs_what_was_asked_for(server: XUpstream) -> None:
    server.publish(1)
    server.fault("429", 1)
    found = driver(server)
    assert found.run().run["outcome"] == "throttled"
    assert orjson.loads(found.cursors["budget"])["used"] == 0
    batches = found.collector.collect(SEARCH, {}, Event())
    first = next(batches)
    assert [cursor.source for cursor in first.cursors] == ["budget"], "stored before it is asked"
    assert orjson.loads(first.cursors[0].value)["used"] == 100
    batches.close()


def test_the_more_important_keyword_is_asked_first_and_nobody_starves(server: XUpstream) -> None:
    server.publish(3)
    server.said.keywords = [keyword("low", priority=1), keyword("high", priority=5)]
    found = driver(server)
    for _ in range(2):
        found.run()
    asked = [one.query["query"].split()[0] for one in server.requests]
    assert asked == ["high", "low"] * 2
    # Three reads and an empty answer each: 48 for a weight of 5, 240 for a weight of 1.
    assert orjson.loads(found.cursors["shares"]) == {"high": 0, "low": 192}


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (problem(401, "Unauthorized"), Lasting, "DENYUT_X_BEARER_TOKEN"),
        (problem(403, "Forbidden"), Lasting, "DENYUT_X_BEARER_TOKEN"),
        (problem(402, "CreditsDepleted"), Lasting, "no credits left"),
        (Reply(429, b"[]"), Backpressure, "429"),
        (Reply(404, b'"x"'), Lasting, "404"),
        (Reply(302, headers={"Location": "https://elsewhere.example/"}), Retryable, "TooManyRedirects"),
    ],
)
def test_what_x_refuses_is_told_with_the_setting(
    server: XUpstream, reply: Reply, kind: type[Retryable], told: str
) -> None:
    server.server.answers[SEARCHED] = reply
    found = driver(server).run()
    assert isinstance(found.problem, kind)
    assert told in str(found.run["error"])
    assert (found.run["outcome"] == "auth") == (reply.status in (401, 402, 403))


def test_a_head_that_does_not_end_is_not_waited_for(server: XUpstream) -> None:
    began = time.monotonic()
    with endless(b"2") as (url, _):
        found = driver(server, x_url=url, web_total_s=1)
        run = found.run().run
    assert time.monotonic() - began < 30
    assert (run["outcome"], "too slow" in str(run["error"])) == ("error", True)
    assert orjson.loads(found.cursors["budget"])["used"] == 100, "it may have been paid for"


def test_the_window_of_the_rate_limit_is_waited_for(server: XUpstream) -> None:
    reset = round(datetime.now(UTC).timestamp()) + 300
    server.server.answers[SEARCHED] = problem(429, "Too Many Requests", **{"x-rate-limit-reset": str(reset)})
    found = driver(server).run().problem
    assert isinstance(found, Backpressure)
    assert 250 <= found.retry_after <= 301


def test_what_cannot_be_reached_any_more_is_told(server: XUpstream) -> None:
    place = Place(query="IHSG -is:retweet", since=id_at(now_ms() - 9 * DAY_MS))
    found = driver(server, cursors={"search/ihsg": place.model_dump_json()}).run()
    assert "seven days back" in str(found.run["error"])
    assert stored(place.model_dump_json(), "another").since == place.since


def test_pages_that_waited_too_long_are_given_up_and_nothing_is_read_twice() -> None:
    now = now_ms()
    waiting = Place(
        query="q",
        since=id_at(now - 12 * DAY_MS),
        until=id_at(now - 9 * DAY_MS),
        newest=id_at(now - DAY_MS),
    )
    assert waiting.within(now, now) == Place(query="q", since=id_at(now - DAY_MS))
    fresh = waiting.model_copy(update={"until": id_at(now - 2 * DAY_MS)})
    assert fresh.within(now, now) == fresh.model_copy(update={"since": id_at(now - REACH_MS)})


def test_without_a_token_it_does_not_start() -> None:
    with pytest.raises(Fatal, match="DENYUT_X_BEARER_TOKEN is not set"):
        build(ProducerSettings())
    with pytest.raises(Fatal, match="DENYUT_X_BEARER_TOKEN is not set"):
        X(ProducerSettings.model_validate({"x_bearer_token": ""}), Said())


def test_a_budget_is_spent_evenly_over_the_days_of_its_month() -> None:
    budget = Budget(None, 3_000, "S", at("2026-11-01"))
    assert (budget.left, budget.left_today) == (3_000, 100)
    budget.charge(100)
    assert (budget.left, budget.left_today) == (2_900, 0)
    assert "the share of 2026-11-01 in the 3000 reads of the month is used up, 2900 are left" in str(
        budget.exhausted()
    )
    idle = Budget(budget.stored(), 3_000, "S", at("2026-11-11"))
    assert idle.left_today == 145, "what was not used is shared by the days that are left"
    idle.charge(50)
    same = Budget(idle.stored(), 3_000, "S", at("2026-11-11") + DAY_MS - 1)
    assert same.left_today == 95
    last = Budget(same.stored(), 3_000, "S", at("2026-11-30"))
    assert last.left_today == last.left == 2_850
    last.charge(2_850)
    assert "nothing is read before 2026-12-01 (S)" in str(last.exhausted())
    assert Budget(last.stored(), 3_000, "S", at("2026-12-01")).left == 3_000
    assert Budget("{", 10, "S", at("2026-12-01")).left == 10


def test_counts_of_the_latest_posts_are_read_again_and_paid_for(server: XUpstream) -> None:
    expected = server.publish(3)
    found = driver(server, x_engagements=2)
    assert found.collector.sources() == [SEARCH, ENGAGEMENTS]
    found.run()
    server.tweets[2]["public_metrics"] = {"like_count": 99, "retweet_count": 1, "quote_count": 1}
    before = orjson.loads(found.cursors["budget"])["used"]
    items = [
        item
        for batch in found.collector.collect(ENGAGEMENTS, dict(found.cursors), Event())
        for item in batch.items
    ]
    assert [item.record["post_id"] for item in items if isinstance(item, Item)] == expected[1:]
    newest = items[-1]
    assert isinstance(newest, Item)
    assert (newest.topic, newest.record["likes"], newest.record["shares"], newest.record["views"]) == (
        "engagements",
        99,
        2,
        None,
    )
    run = found.run(ENGAGEMENTS)
    assert (run.problem, run.run["newest_item_at"]) == (None, None)
    assert orjson.loads(found.cursors["budget"])["used"] == before + 4, "also what no cursor tells of yet"
    assert driver(server).collector.sources() == [SEARCH]


def test_what_was_not_paid_for_is_given_back_and_what_may_have_been_is_not(server: XUpstream) -> None:
    server.publish(1)
    found = driver(server)
    told: list[tuple[Fault, int]] = [("500", 0), ("403", 0), ("cut", 100), ("malformed", 200)]
    for fault, used in told:
        server.fault(fault, 1)
        assert found.run().problem is not None
        assert orjson.loads(found.cursors["budget"])["used"] == used, fault
    server.close()
    assert isinstance(found.run().problem, Retryable)
    assert orjson.loads(found.cursors["budget"])["used"] == 200
