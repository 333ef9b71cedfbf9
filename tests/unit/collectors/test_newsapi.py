"""NewsAPI beyond the contract: its quota, whose turn it is, windows that are not lost, what it says when it refuses."""

from collections.abc import Iterator

import pytest

from producers.base import Lasting
from producers.collectors.newsapi import NewsApi
from producers.newsapi.article import as_post, removed
from producers.newsapi.budget import Budget, next_hour_s
from producers.newsapi.place import Place, Window
from producers.registry import build
from producers.settings import ProducerSettings
from schemas.errors import Backpressure, Fatal
from tests.support.keywords import Said, keyword
from tests.support.upstreams.newsapi import NewsApiUpstream, failed
from tests.support.upstreams.outcome import Driver

HOUR = 3_600_000
NOW = 500_000 * HOUR + 1_000


@pytest.fixture
def server() -> Iterator[NewsApiUpstream]:
    server = NewsApiUpstream(plan=4)
    try:
        yield server
    finally:
        server.close()


def collector(server: NewsApiUpstream, *keywords: str, **settings: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    made = ProducerSettings.model_validate({**given, **settings})
    said = [keyword(name, text=name, priority=int(name[-1])) for name in keywords]
    return Driver(NewsApi(made, Said(*said)))


def test_half_a_days_quota_lasts_for_half_a_day() -> None:
    budget = Budget()
    for _ in range(3):
        budget = budget.after(NOW)
    assert budget.left(100, NOW) == 47
    assert budget.left(5, NOW) == 0, "three of the first half"
    assert budget.left(5, NOW + 12 * HOUR) == 2
    assert budget.left(5, NOW + 24 * HOUR) == 3
    assert Budget.model_validate_json(budget.model_dump_json()) == budget
    later = budget.after(NOW + 30 * HOUR)
    assert list(later.spent.values()) == [1], "what is forgotten is not kept"
    assert next_hour_s(NOW) == 3_599


def test_an_hour_of_failures_does_not_use_up_half_a_day() -> None:
    budget = Budget()
    for _ in range(7):
        assert budget.left_now(100, NOW) > 0
        budget = budget.after(NOW)
    assert (budget.left_now(100, NOW), budget.left(100, NOW)) == (0, 43)
    assert budget.left_now(100, NOW + HOUR) == 7


def test_a_quota_that_is_used_up_is_no_silence(server: NewsApiUpstream) -> None:
    server.publish(1)
    found = collector(server, "ihsg-3", newsapi_daily=4)
    runs = [found.run() for _ in range(3)]
    assert [run.run["quota_left"] for run in runs] == [1, 0, None]
    assert [run.run["outcome"] for run in runs] == ["ok", "empty", "throttled"]
    assert isinstance(runs[2].problem, Backpressure)
    assert 0 < runs[2].problem.retry_after <= 3_600
    assert len(server.requests) == 2
    assert found.collector.next_run_s("everything") == 21_600


def test_a_request_that_failed_was_one_too(server: NewsApiUpstream) -> None:
    found = collector(server, "ihsg-3", newsapi_daily=100)
    server.fault("500", 1)
    assert found.run().run["quota_left"] == 49
    assert found.run().run["quota_left"] == 48


def test_keywords_take_turns_by_their_priority(server: NewsApiUpstream) -> None:
    found = collector(server, "beras-1", "ihsg-3", newsapi_daily=1_000)
    for _ in range(8):
        found.run()
    asked = [one.query["q"] for one in server.requests]
    assert len(asked) == 8
    assert asked.count('"ihsg-3"') == 6


def test_what_the_plan_does_not_show_at_once_is_asked_for_by_time(server: NewsApiUpstream) -> None:
    expected = server.publish(9)
    found = collector(server, "ihsg-3")
    first = found.run()
    assert first.ids == expected[-4:], "the newest four"
    assert first.run["error"] == "the plan does not show all articles at once"
    assert first.run["outcome"] == "ok"
    ids = list(first.ids)
    more = server.publish(1)
    for _ in range(5):
        ids += found.run().ids
    assert sorted(ids) == sorted([*expected, *more]), "the rest, and then what is new"


def test_a_keyword_with_more_news_than_turns_stays_at_the_newest_and_says_what_it_gives_up(
    server: NewsApiUpstream,
) -> None:
    server.publish(1)
    found = collector(server, "ihsg-3", newsapi_pages=1, newsapi_daily=1_000)
    found.run()
    told = []
    for turn in range(30):
        newest = server.publish(6)
        ended = found.run()
        told.append(str(ended.run["error"]))
        assert (newest[-1] in ended.ids) == (turn % 2 == 0), "every other turn goes back"
    assert "given up" not in told[10]
    assert "given up" in " ".join(told)
    assert len(found.cursors["keyword/ihsg-3"]) < 20_000


def test_a_window_that_leads_no_further_ends() -> None:
    assert Place().rest(Window(since=5), 9) == Window(since=5, until=9)
    assert Place(newest=7).rest(Window(since=5), 9) == Window(since=7, until=9), "what is older was read"
    assert Place().rest(Window(since=5, until=9), 9) is None
    assert Place().rest(Window(since=5), None) is None
    assert Place(newest=7).joins(Window(since=5), 7)
    assert not Place(newest=7).joins(Window(since=5), 8)
    assert not Place(newest=7).joins(Window(since=5, until=9), 6), "a gap is read to its end"


def test_an_error_is_told_by_its_code(server: NewsApiUpstream) -> None:
    server.server.answers["/v2/everything"] = failed(401, "apiKeyDisabled")
    ended = collector(server, "ihsg-3").run()
    assert isinstance(ended.problem, Lasting)
    assert ended.run["outcome"] == "auth"
    told = "HTTP 401 Unauthorized: apiKeyDisabled Sorry: apiKeyDisabled."
    assert ended.run["error"] == f"{told}: NewsAPI does not accept DENYUT_NEWSAPI_KEY"


def test_a_search_that_is_refused_is_named_and_the_next_turn_is_anothers(server: NewsApiUpstream) -> None:
    found = collector(server, "beras-1", "ihsg-3")
    page = server.server.answers["/v2/everything"]
    server.server.answers["/v2/everything"] = failed(400, "parameterInvalid")
    refused = found.run()
    assert refused.run["outcome"] == "error"
    assert str(refused.run["error"]).startswith("keyword ihsg-3: HTTP 400 Bad Request: parameterInvalid")
    server.server.answers["/v2/everything"] = page
    found.run()
    assert server.requests[-1].query["q"] == '"beras-1"'


def test_without_keywords_it_says_so_and_asks_nothing(server: NewsApiUpstream) -> None:
    ended = collector(server).run()
    assert "no active keywords" in str(ended.run["error"])
    assert not server.requests


def test_a_query_that_cannot_be_asked_is_named_and_keeps_no_other_waiting(server: NewsApiUpstream) -> None:
    expected = server.publish(1)
    found = collector(server, "ihsg-3")
    said = found.collector._keywords  # type: ignore[attr-defined]
    said.keywords.append(keyword("wrong", priority=5, query="a AND ("))
    said.keywords.append(keyword("long", priority=5, query=" OR ".join(f"kata{n}" for n in range(60))))
    ended = found.run()
    assert ended.ids == expected
    assert "wrong" in str(ended.run["error"])
    assert "long (longer than 500 characters)" in str(ended.run["error"])


def test_a_language_is_asked_for_only_where_the_service_knows_it(server: NewsApiUpstream) -> None:
    found = collector(server)
    found.collector._keywords = Said(keyword("rice", languages=["en"]))  # type: ignore[attr-defined]
    found.run()
    found.collector._keywords = Said(keyword("beras", languages=["id"]))  # type: ignore[attr-defined]
    found.run()
    assert [one.query.get("language") for one in server.requests] == ["en", None]


def test_what_was_taken_down_is_no_post_and_text_is_plain() -> None:
    assert removed({"title": "[Removed]", "url": "https://removed.com"})
    article = {
        "title": "Harga <i>beras</i>",
        "url": "https://www.kabar.example/a",
        "content": "Naik lagi… [+99 chars]",
        "publishedAt": "soon",
    }
    post = as_post(article, "beras", None, "newsapi", NOW)
    assert (post["text"], post["source"]) == ("Harga beras. Naik lagi", "kabar.example")
    assert (post["published_precision"], post["event_at"]) == ("unknown", NOW)


def test_it_needs_a_key() -> None:
    with pytest.raises(Fatal, match="DENYUT_NEWSAPI_KEY"):
        build("newsapi", ProducerSettings())
