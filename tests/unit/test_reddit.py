"""Reddit: what is new of a listing, what comes of a thing, and what every refusal becomes."""

from collections.abc import Iterator
from dataclasses import replace

import asyncpraw
import orjson
import pytest

from producers.base import Lasting
from producers.collectors.reddit import SEARCH, RedditPosts, build
from producers.reddit.seen import Seen, stored
from producers.reddit.things import as_post
from producers.settings import ProducerSettings
from producers.wanted import NOTHING
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.reddit import RedditUpstream, base36, comment, submission
from tests.support.upstreams.scripted import Twist

R = "r/saham"


@pytest.fixture
def server() -> Iterator[RedditUpstream]:
    upstream = RedditUpstream()
    yield upstream
    upstream.close()


def driver(server: RedditUpstream, *, cursors: dict[str, str] | None = None, **more: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(server.build(ProducerSettings.model_validate({**given, **more})), cursors or {})


def test_what_is_private_in_async_praw_was_read_in_this_version() -> None:
    assert asyncpraw.__version__ == "8.0.3", "read producers/reddit/client.py again"


def test_a_submission_becomes_a_post() -> None:
    post = as_post(submission(1), R, ["ihsg"], 1_795_000_100_000)
    assert (post["id"], post["kind"], post["source"]) == (
        f"reddit:{submission(1)['data']['name']}",
        "post",
        R,
    )
    assert (post["title"], post["text"]) == ("IHSG naik 1", "IHSG naik 1. Sampai kapan?")
    assert (post["author_id"], post["author_handle"]) == ("t2_abc", "pelaku_pasar")
    assert (post["likes"], post["comments"], post["views"]) == (12, 4, None)
    assert (post["published_at"], post["published_precision"]) == (1_795_000_060_000, "second")
    assert str(post["url"]).startswith("https://www.reddit.com/r/saham/comments/")
    gone = as_post(submission(1, selftext="[removed]", author="[deleted]"), R, [], 1)
    assert (gone["text"], gone["author_handle"]) == ("IHSG naik 1", None)


def test_a_comment_becomes_a_post_with_its_parent() -> None:
    post = as_post(comment(5), R, [], 1_795_000_400_000)
    assert (post["kind"], post["parent_id"], post["text"]) == ("comment", "reddit:t3_zzz", "Setuju 5")
    assert post["likes"] is None, "a score below 0 is no number of likes"


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("text", "no id"),
        ({"kind": "t3", "data": {"id": "-?"}}, "no id"),
        (submission(1, created_utc=None), "no created_utc"),
        (submission(1, title=""), "no title"),
        ({**submission(1), "kind": "t5"}, "neither a submission nor a comment but t5"),
    ],
)
def test_a_thing_that_says_too_little_is_refused(thing: object, told: str) -> None:
    with pytest.raises(Poison, match=told):
        as_post(thing, R, [], 1)  # type: ignore[arg-type]  # as a service may send it


def test_comments_are_read_beside_submissions_each_with_a_place_of_its_own(server: RedditUpstream) -> None:
    submissions = server.publish(2)
    server.comments += [comment(0), comment(1, body="[deleted]", author="[deleted]"), comment(2)]
    found = driver(server)
    run = found.run()
    expected = [f"reddit:{comment(number)['data']['name']}" for number in (0, 2)]
    assert run.ids == [*submissions, *expected]
    assert run.run["error"] == "1 comments were removed before they were read"
    assert run.run["quota_left"] == 500
    assert set(found.cursors) == {"r/saham/new", "r/saham/comments"}
    assert found.run().run["outcome"] == "empty", "nor is the removed one read again"


def test_the_login_is_asked_for_once(server: RedditUpstream) -> None:
    server.publish(1)
    found = driver(server)
    for _ in range(3):
        found.run()
    assert len(server.server.at("/api/v1/access_token")) == 1


def test_a_deleted_newest_post_does_not_stop_the_reading(server: RedditUpstream) -> None:
    server.publish(4)
    found = driver(server)
    found.run()
    del server.submissions[-1]
    later = submission(4)
    server.submissions.append(later)
    assert found.run().ids == [f"reddit:{later['data']['name']}"]


def test_a_page_that_begins_with_what_the_one_before_ended_with_is_no_end(server: RedditUpstream) -> None:
    server.publish(1)
    found = driver(server)
    found.run()
    expected = server.publish(7)

    def overlapping(asked: Asked, twist: Twist | None) -> Reply:
        reply = server._listing(server.submissions, asked, twist)
        listing = orjson.loads(reply.body)
        after = asked.query.get("after")
        listing["data"]["children"][:0] = [one for one in server.submissions if one["data"]["name"] == after]
        return replace(reply, body=orjson.dumps(listing))

    server.serve("/r/saham/new", overlapping)
    assert found.run().ids == expected


def test_more_than_reddit_lists_is_told(server: RedditUpstream) -> None:
    server.publish(2)
    found = driver(server)
    found.run()
    server.submissions = server.submissions[2:]
    server.publish(2)
    server.submissions = [submission(number) for number in range(100, 140)]
    run = found.run()
    assert len(run.posts) == 30, "ten pages of three"
    assert run.run["error"] == "more is new than Reddit lists, what is beyond that is lost"


def test_what_is_seen_is_bounded_and_older_things_count_as_known() -> None:
    seen = Seen().after(base36(number) for number in range(10_000, 12_500))
    assert len(seen.ids) == 1_000
    assert seen.ids[0] == base36(12_499)
    assert [seen.known(base36(number)) for number in (12_499, 12_500, 11_499, 3)] == [True, False, True, True]
    assert len(seen.model_dump_json()) < 20_000
    assert not Seen().known("a")
    assert stored(seen.model_dump_json(), "another query") is None
    assert stored(Seen(ids=["?"]).model_dump_json()) is None


def test_keywords_are_searched_for_in_turns(server: RedditUpstream) -> None:
    expected = server.publish(2)
    server.said.keywords = [
        keyword("low", priority=1),
        keyword("high", priority=5, query="a (b OR c) NOT d", monitoring_start=1_795_000_060_000),
        keyword("wrong", priority=5, query="a ("),
    ]
    found = driver(server, reddit_searches=2)
    first, second = found.run(SEARCH), found.run(SEARCH)
    queries = [one.query["q"] for one in server.server.at("/search")]
    assert queries[0] == "a AND (b OR c) AND NOT d"
    assert "low" in queries
    assert first.ids == expected[1:], "nothing from before its monitoring began"
    assert [post["matched"] for post in first.posts] == [["high"]]
    assert "not searched for: wrong (" in f"{first.run['error']} {second.run['error']}"
    assert set(orjson.loads(found.cursors["shares"])) == {"low", "high", "wrong"}


def test_a_keyword_that_cannot_be_spelled_has_its_turn_and_keeps_no_other_waiting(
    server: RedditUpstream,
) -> None:
    server.said.keywords = [keyword("low", priority=1), keyword("wrong", priority=5, query="a (")]
    found = driver(server, reddit_searches=1)
    runs = [found.run(SEARCH) for _ in range(10)]
    assert isinstance(runs[0].problem, Lasting)
    assert any(run.problem is None for run in runs)
    assert {one.query["q"] for one in server.server.at("/search")} == {"low"}


def test_what_no_json_can_say_again_is_replaced(server: RedditUpstream) -> None:
    server.submissions.append(submission(1, selftext="naik \ud83d lagi", subreddit_subscribers=10**30))
    [post] = driver(server).run().posts
    assert post["text"] == "IHSG naik 1. naik ? lagi"


def test_without_keywords_the_search_says_so(server: RedditUpstream) -> None:
    server.said.keywords = []
    run = driver(server).run(SEARCH).run
    assert (run["outcome"], run["error"]) == ("empty", NOTHING)


def test_a_window_that_is_used_up_is_waited_for_before_anything_is_asked(server: RedditUpstream) -> None:
    server.remaining = 0
    found = driver(server)
    asked = found.run()
    assert isinstance(asked.problem, Backpressure), "the second listing"
    assert 400 <= asked.problem.retry_after <= 500
    assert len(server.server.at("/r/saham/new")) == 1
    assert not server.server.at("/r/saham/comments")


@pytest.mark.parametrize(
    ("path", "reply", "kind", "told"),
    [
        ("/api/v1/access_token", Reply(401, b"{}"), Lasting, "DENYUT_REDDIT_CLIENT_SECRET"),
        ("/api/v1/access_token", Reply(200, b'{"error": "x"}', {"Content-Type": "application/json"}), Lasting, "accept"),
        ("/api/v1/access_token", Reply(200, b"{}", {"Content-Type": "application/json"}), Retryable, "KeyError"),
        ("/r/saham/new", Reply(403, b'{"reason": "private"}'), Lasting, "DENYUT_REDDIT_SUBREDDITS"),
        ("/r/saham/new", Reply(302, headers={"Location": "/subreddits/search?q=x"}), Lasting, "no such subreddit"),
        ("/r/saham/new", Reply(200, b"[]", {"Content-Type": "application/json"}), Retryable, "no listing"),
        ("/r/saham/new", Reply(418), Lasting, "HTTP 418"),
        ("/r/saham/new", Reply(400, b'{"error": 400, "message": "x"}', {"Content-Type": "application/json"}), Lasting, "HTTP 400"),
    ],
)  # fmt: skip
def test_what_reddit_refuses_is_told(
    server: RedditUpstream, path: str, reply: Reply, kind: type[Retryable], told: str
) -> None:
    server.server.answers[path] = reply
    found = driver(server).run()
    assert isinstance(found.problem, kind)
    assert told in str(found.run["error"])
    assert (found.run["outcome"] == "auth") == getattr(found.problem, "denied", False)


def test_one_subreddit_that_is_closed_leaves_the_others_alone(server: RedditUpstream) -> None:
    expected = server.publish(1)
    server.server.answers["/r/tertutup/new"] = Reply(403, b"{}")
    found = driver(server, reddit_subreddits="tertutup, saham,saham")
    assert list(found.collector.sources()) == ["r/tertutup", R, SEARCH]
    assert found.run("r/tertutup").run["outcome"] == "auth"
    assert found.run(R).ids == expected


def test_what_is_missing_or_wrong_in_the_settings_is_named() -> None:
    with pytest.raises(Fatal, match="DENYUT_REDDIT_CLIENT_ID is not set"):
        build(ProducerSettings())
    given = {"reddit_client_id": "a"}
    with pytest.raises(Fatal, match="DENYUT_REDDIT_CLIENT_SECRET is not set"):
        build(ProducerSettings.model_validate(given))
    with pytest.raises(Fatal, match="'r/x' is no name of a subreddit"):
        RedditPosts(ProducerSettings.model_validate({**given, "reddit_subreddits": "r/x"}), Said())
