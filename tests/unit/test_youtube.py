"""YouTube: what is read of channels and searches, what it costs, what comes of it, and what every refusal becomes."""

from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
import pytest

from producers.base import Lasting
from producers.clock import now_ms
from producers.collectors.youtube import ENGAGEMENTS, SEARCH, YouTubePosts, build
from producers.recent import Recent, stored
from producers.settings import ProducerSettings
from producers.wanted import NOTHING
from producers.youtube.items import comment_post, video_post
from producers.youtube.quota import Quota
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from tests.support.keywords import Said, keyword
from tests.support.upstream import Reply
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.youtube import CHANNEL, YouTubeUpstream, comment, problem, stamp, video

API = "/youtube/v3/"


@pytest.fixture
def server() -> Iterator[YouTubeUpstream]:
    upstream = YouTubeUpstream()
    yield upstream
    upstream.close()


def driver(server: YouTubeUpstream, *, cursors: dict[str, str] | None = None, **more: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(server.build(ProducerSettings.model_validate({**given, **more})), cursors or {})


def at(moment: str) -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_video_becomes_a_post() -> None:
    post = video_post(video(1), CHANNEL, ["ihsg"], 1_795_000_100_000)
    assert (post["id"], post["kind"], post["source"]) == ("youtube:video000001", "video", CHANNEL)
    assert (post["title"], post["text"], post["lang"]) == ("IHSG naik 1", "IHSG naik 1. Sampai kapan?", "id")
    assert (post["likes"], post["shares"], post["comments"], post["views"]) == (34, None, 5, 1_200)
    assert (post["author_id"], post["author_name"]) == (CHANNEL, "Kabar TV")
    assert post["published_at"] == 1_795_000_060_000
    assert post["url"] == "https://www.youtube.com/watch?v=video000001"


def test_a_comment_becomes_a_post_with_its_video() -> None:
    post = comment_post(comment(2), CHANNEL, 1_795_000_200_000)
    assert (post["id"], post["kind"], post["text"]) == ("youtube:Ugcomment2", "comment", "Setuju 2")
    assert post["parent_id"] == "youtube:video000000"
    assert (post["author_id"], post["author_name"]) == ("UCauthor", "@pembeli")
    assert (post["likes"], post["comments"]) == (2, 3)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], "no object"),
        ({}, "no id"),
        (video(1, title=" "), "no title"),
        (video(1, publishedAt="soon"), "no publishedAt"),
    ],
)
def test_a_video_that_says_too_little_is_refused(sent: object, told: str) -> None:
    with pytest.raises(Poison, match=told):
        video_post(sent, CHANNEL, [], 1)


def test_a_channel_costs_what_it_should_and_its_comments_have_a_place_of_their_own(
    server: YouTubeUpstream,
) -> None:
    expected = server.publish(2)
    server.comments += [comment(0), comment(1)]
    found = driver(server)
    run = found.run()
    assert run.ids == [*expected, "youtube:Ugcomment0", "youtube:Ugcomment1"]
    assert run.run["quota_left"] == 10_000 - 3, "uploads, videos, comments: a unit each"
    server.comments.append(comment(2))
    assert found.run().ids == ["youtube:Ugcomment2"]
    assert orjson.loads(found.cursors["quota"])["units"] == 5, "nothing new is looked up"
    server.server.answers[f"{API}commentThreads"] = problem(403, "commentsDisabled")
    later = server.publish(1)
    closed = found.run()
    assert (closed.ids, closed.problem) == (later, None)
    assert closed.run["error"] == "its comments are off"


def test_a_video_that_is_listed_and_not_there_is_told_once(server: YouTubeUpstream) -> None:
    server.publish(2)
    private = server.videos[1]
    found = driver(server)
    server.server.answers[f"{API}videos"] = Reply(body=orjson.dumps({"items": [server.videos[0]]}))
    run = found.run()
    assert run.ids == ["youtube:video000000"]
    assert run.run["error"] == "1 videos are not public"
    assert private["id"] in found.cursors[f"{CHANNEL}/uploads"]
    assert found.run().run["outcome"] == "empty"


def test_the_first_look_is_one_page_and_later_ones_end_at_what_is_known(server: YouTubeUpstream) -> None:
    server.publish(10)
    found = driver(server)
    assert len(found.run().posts) == 3
    server.videos = server.videos[:-3]
    assert not found.run().posts, "what is older than the first look counts as known"
    server.videos = [video(number) for number in range(100, 140)]
    run = found.run()
    assert len(run.posts) == 15
    assert run.run["error"] == "more is new than 5 pages, what is beyond them is lost"


def test_keywords_are_searched_for_in_turns_from_when_they_are_monitored(server: YouTubeUpstream) -> None:
    server.publish(2)
    begun = now_ms() - 3_600_000
    server.said.keywords = [
        keyword("low", priority=1),
        keyword("high", priority=5, query="a (b OR c) NOT d", monitoring_start=begun),
    ]
    found = driver(server, youtube_searches=1)
    first, second = found.run(SEARCH), found.run(SEARCH)
    asked = server.server.at(f"{API}search")
    assert [one.query["q"] for one in asked] == ["a (b|c) -d", "low"]
    assert asked[0].query["publishedAfter"] == stamp(begun)
    assert not first.posts, "what the server sends from before is not published"
    assert [post["matched"] for post in second.posts] == [["low"], ["low"]]
    assert second.run["quota_left"] == 10_000 - 2 * 101
    assert found.run(SEARCH).posts == []


def test_a_keyword_that_cannot_be_spelled_has_its_turn_and_keeps_no_other_waiting(
    server: YouTubeUpstream,
) -> None:
    server.said.keywords = [keyword("low", priority=1), keyword("wrong", priority=5, query="a (")]
    found = driver(server, youtube_searches=1)
    runs = [found.run(SEARCH) for _ in range(10)]
    assert isinstance(runs[0].problem, Lasting)
    assert {one.query["q"] for one in server.server.at(f"{API}search")} == {"low"}


def test_without_keywords_the_search_says_so(server: YouTubeUpstream) -> None:
    server.said.keywords = [keyword("wrong", query="(")]
    told = driver(server).run(SEARCH).run["error"]
    assert told == "not searched for: wrong (it ends where a word should follow)"
    server.said.keywords = []
    run = driver(server).run(SEARCH).run
    assert (run["outcome"], run["error"]) == ("empty", NOTHING)


def test_the_quota_stops_it_until_the_day_is_over_and_failures_are_paid_too(server: YouTubeUpstream) -> None:
    server.publish(1)
    found = driver(server, youtube_quota=150)
    server.server.answers[f"{API}videos"] = Reply(500)
    assert found.run(SEARCH).run["outcome"] == "error"
    assert orjson.loads(found.cursors["quota"])["units"] == 101
    stopped = driver(server, cursors=found.cursors, youtube_quota=150).run(SEARCH)
    assert isinstance(stopped.problem, Backpressure)
    assert str(stopped.problem) == "49 of the day's 150 units are left (DENYUT_YOUTUBE_QUOTA)"
    assert stopped.run["quota_left"] == 49
    assert len(server.server.at(f"{API}search")) == 1


def test_a_day_of_the_quota_begins_at_midnight_in_california() -> None:
    evening = at("2026-11-30T07:59:00")
    quota = Quota(None, 10, evening)
    quota.charge(10)
    with pytest.raises(Backpressure) as full:
        quota.charge(1)
    assert full.value.retry_after == 60
    assert Quota(quota.stored(), 10, evening + 59_000).left == 0
    assert Quota(quota.stored(), 10, evening + 61_000).left == 10
    summer = Quota(quota.stored(), 10, at("2026-07-01T06:00:00"))
    assert summer.exhausted("x").retry_after == 3_600
    assert Quota("{", 10, evening).left == 10


def test_counts_of_the_latest_videos_are_read_again(server: YouTubeUpstream) -> None:
    server.publish(2)
    server.comments.append(comment(0))
    now = now_ms()
    for one in server.videos:
        one["snippet"]["publishedAt"] = stamp(now - 60_000)
    found = driver(server)
    found.run()
    server.videos[1]["statistics"] = {"viewCount": "9000"}
    batches = found.collector.collect(ENGAGEMENTS, dict(found.cursors), server.server.ended)
    [batch] = list(batches)
    counts = {item.record["post_id"]: item.record for item in batch.items}  # type: ignore[union-attr]  # none is refused
    assert set(counts) == {"youtube:video000000", "youtube:video000001"}, "not those of comments"
    assert (counts["youtube:video000001"]["views"], counts["youtube:video000001"]["likes"]) == (9_000, None)
    assert counts["youtube:video000000"]["likes"] == 34
    assert found.run(ENGAGEMENTS).run["newest_item_at"] is None, "they are not news"
    assert ENGAGEMENTS not in driver(server, youtube_engagements=0).collector.sources()


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (problem(403, "quotaExceeded"), Backpressure, "quotaExceeded"),
        (problem(403, "rateLimitExceeded"), Backpressure, "rateLimitExceeded"),
        (problem(403, "forbidden"), Lasting, "DENYUT_YOUTUBE_KEY"),
        (problem(400, "badRequest", "API key not valid."), Lasting, "DENYUT_YOUTUBE_KEY"),
        (problem(404, "playlistNotFound"), Lasting, "playlistNotFound"),
        (problem(400, "invalidPageToken"), Lasting, "HTTP 400"),
        (Reply(200, b"[]"), Retryable, "no object"),
        (Reply(200, b"{}"), Retryable, "no items"),
    ],
)
def test_what_youtube_refuses_is_told(
    server: YouTubeUpstream, reply: Reply, kind: type[Retryable], told: str
) -> None:
    server.server.answers[f"{API}playlistItems"] = reply
    found = driver(server).run()
    assert isinstance(found.problem, kind)
    assert told in str(found.run["error"])
    assert (found.run["outcome"] == "auth") == ("DENYUT_YOUTUBE_KEY" in told)


def test_what_is_missing_or_wrong_in_the_settings_is_named() -> None:
    with pytest.raises(Fatal, match="DENYUT_YOUTUBE_KEY is not set"):
        build(ProducerSettings())
    for more, told in (
        ({"youtube_channels": "@kabar"}, "'@kabar' is no id of a channel"),
        ({"youtube_searches": 0}, "has anything to read"),
    ):
        with pytest.raises(Fatal, match=told):
            YouTubePosts(ProducerSettings.model_validate({"youtube_key": "k", **more}), Said())


def test_what_is_recent_is_bounded() -> None:
    recent = Recent().after([str(number) for number in range(1_500)], [5_000, 4_000])
    assert (len(recent.ids), recent.since) == (1_000, 4_000)
    assert [recent.known("3", 9_000), recent.known("x", 3_999), recent.known("x", 4_000)] == [
        True,
        True,
        False,
    ]
    assert recent.after(["new"], [1]).since == 4_000
    assert stored(recent.model_dump_json(), "other").ids == ()
