"""Facebook and Instagram: what comes of a post or medium, thirty hashtags in seven days, and what every refusal becomes."""

from collections.abc import Iterator

import orjson
import pytest

from producers.base import Lasting
from producers.collectors import facebook, instagram
from producers.graph.hashtags import MOST, Hashtags, hashtag
from producers.graph.things import medium_post, page_post
from producers.settings import ProducerSettings
from producers.wanted import NOTHING
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from tests.support.keywords import Said, keyword
from tests.support.upstream import Reply
from tests.support.upstreams.graph import (
    API,
    USER,
    FacebookUpstream,
    GraphUpstream,
    InstagramUpstream,
    answer,
    medium,
    page_thing,
    problem,
)
from tests.support.upstreams.outcome import Driver

DAY_MS = 86_400_000
NOW = 1_795_000_000_000


@pytest.fixture
def page() -> Iterator[FacebookUpstream]:
    upstream = FacebookUpstream()
    yield upstream
    upstream.close()


@pytest.fixture
def tags() -> Iterator[InstagramUpstream]:
    upstream = InstagramUpstream()
    yield upstream
    upstream.close()


def driver(server: GraphUpstream, cursors: dict[str, str] | None = None, **more: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(server.build(ProducerSettings.model_validate({**given, **more})), cursors or {})


def searched(server: InstagramUpstream) -> list[str]:
    return [one.query["q"] for one in server.server.at(f"{API}ig_hashtag_search")]


def test_a_post_of_a_page_becomes_a_post() -> None:
    post = page_post(page_thing(1), "kabartv", NOW + 100_000)
    assert (post["id"], post["kind"], post["source"]) == ("facebook:1234_000001", "post", "kabartv")
    assert (post["text"], post["published_at"]) == ("IHSG naik 1", NOW + 60_000)
    assert (post["author_id"], post["author_name"]) == ("1234", "Kabar TV")
    assert (post["likes"], post["shares"], post["comments"], post["views"]) == (21, 3, 4, None)
    assert page_post(page_thing(1, message="", story="Kabar TV was live."), "k", NOW)["text"].endswith(
        "live."
    )
    with pytest.raises(Poison, match="no text"):
        page_post(page_thing(1, message=None), "k", NOW)


def test_a_medium_becomes_a_post() -> None:
    post = medium_post(medium(2, media_type="VIDEO"), "hashtags", ["ihsg"], NOW)
    assert (post["id"], post["kind"], post["matched"]) == ("instagram:1790000002", "video", ["ihsg"])
    assert (post["likes"], post["comments"], post["author_id"]) == (40, 2, None)
    assert post["published_at"] == NOW + 120_000
    with pytest.raises(Poison, match="no timestamp"):
        medium_post(medium(2, timestamp="soon"), "hashtags", [], NOW)


def test_posts_without_text_are_counted_and_read_once(page: FacebookUpstream) -> None:
    page.things += [page_thing(0), page_thing(1, message=None), page_thing(2)]
    found = driver(page)
    run = found.run()
    assert run.ids == ["facebook:1234_000000", "facebook:1234_000002"]
    assert (run.run["error"], run.refused) == ("1 posts have no text", [])
    assert found.run().run["error"] is None


def test_what_a_page_is_asked_for_is_what_becomes_a_post(page: FacebookUpstream) -> None:
    page.publish(1)
    driver(page).run()
    [asked] = page.server.at(f"{API}kabartv/posts")
    assert "reactions.summary(total_count)" in asked.query["fields"]
    assert "a-token" not in str(asked.query), "the token stands in no address"


def test_phrases_are_hashtags_as_people_write_them() -> None:
    assert [hashtag(text) for text in ("Harga Beras", "#IHSG", "BI-Rate", "e_ktp", "?!")] == [
        "hargaberas",
        "ihsg",
        "birate",
        "e_ktp",
        "",
    ]


def test_thirty_hashtags_in_seven_days_and_asking_again_is_free() -> None:
    asked = Hashtags(None, NOW)
    assert [asked.admit(f"t{number}") for number in range(MOST)] == [True] * MOST
    assert (asked.admit("one-more"), asked.admit("t3"), asked.left) == (None, False, 0)
    asked.learn("t3", "17")
    later = Hashtags(asked.stored(), NOW + 6 * DAY_MS)
    assert (later.admit("one-more"), later.id_of("t3")) == (None, "17")
    assert later.next_at() == "2026-11-25 11:06 UTC"
    over = Hashtags(later.stored(), NOW + 7 * DAY_MS)
    assert (over.admit("one-more"), over.left, over.id_of("t3")) == (True, MOST - 1, None)
    assert Hashtags("{", NOW).left == MOST


def test_keywords_beyond_the_thirty_wait_in_fair_turns(tags: InstagramUpstream) -> None:
    tags.said.keywords = [
        *(keyword(f"k{number:02d}", priority=3) for number in range(31)),
        keyword("top", priority=5),
        keyword("odd", text="?!"),
    ]
    for number in range(31):
        tags.server.answers[f"{API}tag-k{number:02d}/recent_media"] = answer({"data": []})
    tags.server.answers[f"{API}tag-top/recent_media"] = answer({"data": []})
    found = driver(tags)
    run = found.run()
    assert run.problem is None
    assert searched(tags) == ["top", *(f"k{number:02d}" for number in range(29))]
    told = str(run.run["error"])
    assert "no hashtag can be made of odd" in told
    assert "30 hashtags of seven days are asked for" in told
    assert "waiting: k29, k30" in told
    assert run.run["quota_left"] == 0
    asked = orjson.loads(found.cursors["asked"])
    found.cursors["asked"] = orjson.dumps(
        {"first": {tag: at - 7 * DAY_MS for tag, at in asked["first"].items()}, "ids": asked["ids"]}
    ).decode()
    found.run()
    assert searched(tags)[30:32] == ["k29", "k30"], "who waited comes first in the next seven days"


def test_the_id_of_a_hashtag_is_asked_for_once_and_a_hashtag_for_all_its_keywords(
    tags: InstagramUpstream,
) -> None:
    tags.said.keywords = [
        keyword("a", text="IHSG"),
        keyword("b", text="#ihsg", monitoring_start=NOW + 60_000),
    ]
    tags.publish(2)
    found = driver(tags)
    run = found.run()
    assert [post["matched"] for post in run.posts] == [["a"], ["a", "b"]]
    assert found.run().run["outcome"] == "empty"
    assert searched(tags) == ["ihsg"]
    [first, *_] = tags.server.at(f"{API}tag-ihsg/recent_media")
    assert first.query["user_id"] == USER


def test_a_hashtag_counts_before_it_is_asked_for(tags: InstagramUpstream) -> None:
    tags.fault("cut", 1)
    found = driver(tags)
    assert found.run().run["outcome"] == "error"
    assert list(orjson.loads(found.cursors["asked"])["first"]) == ["ihsg"]


def test_one_hashtag_that_is_refused_leaves_the_others_alone(tags: InstagramUpstream) -> None:
    tags.said.keywords = [keyword("kasar"), keyword("ihsg")]
    tags.server.answers[f"{API}tag-kasar/recent_media"] = problem(400, 100, "Invalid parameter")
    expected = tags.publish(1)
    found = driver(tags).run()
    assert found.ids == expected
    assert "#kasar: HTTP 400" in str(found.run["error"])
    tags.said.keywords = []
    assert driver(tags).run().run["error"] == NOTHING


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (problem(400, 190), Lasting, "DENYUT_FACEBOOK_TOKEN"),
        (problem(403, 10), Lasting, "DENYUT_FACEBOOK_TOKEN"),
        (problem(400, 200), Lasting, "DENYUT_FACEBOOK_TOKEN"),
        (problem(403, 4), Backpressure, "4: no"),
        (problem(400, 80_001), Backpressure, "80001"),
        (problem(400, 18), Backpressure, "18"),
        (problem(400, 2), Retryable, "2: no"),
        (problem(400, 100), Lasting, "100: no"),
        (Reply(200, b"[]"), Retryable, "no object"),
        (Reply(200, b"{}"), Retryable, "no data"),
    ],
)
def test_what_meta_refuses_is_told(
    page: FacebookUpstream, reply: Reply, kind: type[Retryable], told: str
) -> None:
    page.server.answers[f"{API}kabartv/posts"] = reply
    found = driver(page).run()
    assert type(found.problem) is kind
    assert told in str(found.run["error"])
    assert (found.run["outcome"] == "auth") == ("TOKEN" in told)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "DENYUT_FACEBOOK_PAGES names no page"),
        ({"facebook_pages": "a/b"}, "'a/b' is neither"),
        ({"facebook_pages": "a"}, "DENYUT_FACEBOOK_TOKEN is not set"),
    ],
)
def test_what_facebook_lacks_is_named(given: dict[str, str], told: str) -> None:
    with pytest.raises(Fatal, match=told):
        facebook.build(ProducerSettings.model_validate(given))


def test_what_instagram_lacks_is_named() -> None:
    with pytest.raises(Fatal, match="DENYUT_INSTAGRAM_USER is not set"):
        instagram.build(ProducerSettings())
    with pytest.raises(Fatal, match="DENYUT_INSTAGRAM_TOKEN is not set"):
        instagram.Instagram(ProducerSettings.model_validate({"instagram_user": USER}), Said())
