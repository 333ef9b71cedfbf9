"""Stories, topics and influencers over REST, with rows as the sink lands them."""

from typing import Any

import pytest

from tests.support.api import Api
from tests.support.landed_rows import HOUR, NOW, Landing
from tests.support.mentions import influencer, story, story_link, topic

pytestmark = pytest.mark.kafka


def test_stories_are_the_latest_revisions_the_most_copied_first(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, **changes: Any) -> dict[str, Any]:
        at = {"last_seen": NOW - number * HOUR, "first_seen": NOW - 9 * HOUR, "updated_at": NOW}
        whole = story(number, revision=revision, copies=revision - 1, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    landing.land(
        "stories",
        "story",
        made(1, 2, 0, last_seen=NOW - 5 * HOUR),
        made(1, 5, 2, subjects=["symbol:BBCA.JK"]),
        made(1, 3, 1, last_seen=NOW - 4 * HOUR),
        made(2, 3, 0, subjects=["symbol:BBCA.JK", "keyword:laba"], sources={"reddit/stocks": 3}),
        made(3, 3, 3),
        made(4, 1, 4, subjects=["keyword:laba"]),
        made(30, 9, 5),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/stories", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[tuple[int, int]]:
        return [(int(one["id"], 16), one["copies"]) for one in listed(**query)["stories"]]

    assert found() == [(1, 4), (3, 2), (2, 2)]
    assert found(min_copies=0) == [(1, 4), (3, 2), (2, 2), (4, 0)]
    assert found(min_copies=3, since=NOW - 40 * HOUR) == [(30, 8), (1, 4)]
    assert found(subject="symbol:BBCA.JK") == [(1, 4), (2, 2)]
    assert found(subject="keyword:laba,hashtag:x", min_copies=0) == [(2, 2), (4, 0)]
    assert found(platform="reddit") == [(2, 2)]
    assert found(platform="x,all") == found()
    assert found(sort="last_seen") == [(1, 4), (2, 2), (3, 2)]
    for sort in ("copies", "last_seen"):
        paged: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = listed(sort=sort, limit=2, **cursor)
            paged += page["stories"]
            if page["next"] is None:
                break
            cursor = {"before": page["next"]}
        assert paged == listed(sort=sort)["stories"]
    assert api.get("/api/v1/stories", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/stories", sort="mentions").status_code == 422


def test_a_story_is_shown_with_its_posts(api: Api, landing: Landing) -> None:
    whole = story(7, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("stories", "story", {**whole, "kafka_partition": 0, "kafka_offset": 0})
    links = [
        story_link(whole["id"], number, event_at=NOW - number, collected_at=NOW, enriched_at=NOW)
        for number in range(3)
    ]
    other = story_link("f" * 32, 9, event_at=NOW, collected_at=NOW, enriched_at=NOW)
    landing.land(
        "story_links",
        "story_link",
        *(
            {**one, "kafka_partition": 0, "kafka_offset": offset}
            for offset, one in enumerate([*links, other])
        ),
    )
    path = f"/api/v1/stories/{whole['id']}"
    answer = api.get(path).json()
    assert answer == {"story": whole, "posts": links, "next": None}
    first = api.get(path, limit=2).json()
    assert first["posts"] == links[:2]
    assert api.get(path, limit=2, before=first["next"]).json()["posts"] == links[2:]
    assert api.get(f"/api/v1/stories/{'e' * 32}").status_code == 404
    assert api.get("/api/v1/stories/no-id").status_code == 422
    assert api.get(path, id="f" * 32).status_code == 422


def test_influencers_are_the_latest_revisions_the_highest_score_first(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, score: float, **changes: Any) -> dict[str, Any]:
        at = {"last_activity": NOW - number * HOUR, "updated_at": NOW, "revision": revision}
        whole = influencer(number, score=score, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    last = made(1, 5, 2, 40.25, topics={"symbol:BBCA.JK": 2, "keyword:laba": 1})
    landing.land(
        "influencer_profiles",
        "influencer",
        made(1, 2, 0, 90.0, last_activity=NOW - 5 * HOUR, topics={"hashtag:lama": 1}),
        last,
        made(1, 3, 1, 80.0),
        made(2, 1, 0, 55.5, followers=None, topics={}, signals=[]),
        made(3, 1, 3, 40.25, platform="reddit", followers=50),
        made(900, 1, 5, 99.0),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/influencers", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[str]:
        return [one["id"] for one in listed(**query)["influencers"]]

    assert found() == ["x:a2", "x:a3", "x:a1"]
    assert listed()["influencers"][2] == {
        name: value for name, value in last.items() if not name.startswith("kafka_")
    }
    assert found(since=NOW - 1_000 * HOUR)[0] == "x:a900"
    assert found(platform="reddit") == ["x:a3"]
    assert found(platform="reddit,all") == found()
    assert found(subject="keyword:laba,hashtag:lama") == ["x:a1"]
    assert found(min_followers=50) == ["x:a3", "x:a1"]
    assert found(min_followers=51) == ["x:a1"]
    assert found(flagged=False) == ["x:a2"]
    assert found(flagged=True) == ["x:a3", "x:a1"]
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = listed(limit=1, **cursor)
        paged += page["influencers"]
        if page["next"] is None:
            break
        cursor = {"before": page["next"]}
    assert paged == listed()["influencers"]
    assert api.get("/api/v1/influencers", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/influencers", min_followers=-1).status_code == 422


def test_topics_are_the_latest_revisions_with_their_samples(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, **changes: Any) -> dict[str, Any]:
        at = {"last_seen": NOW - number * HOUR, "first_seen": NOW - 9 * HOUR, "updated_at": NOW}
        whole = topic(number, revision=revision, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    landing.land(
        "topics",
        "topic",
        made(1, 4, 2, trending_score=0.5, mentions=9, sample_ids=[f"{7:032x}", f"{8:032x}"]),
        made(1, 2, 0, trending_score=9.0),
        made(2, 3, 0, trending_score=-1.0, stories=5, hashtags={"beras": 2}, label="Impor Beras"),
        made(3, 5, 3, trending_score=2.0),
        made(4, 1, 4),
        made(4, 6, 5, merged_into=f"{3:032x}"),
        made(30, 9, 6),
    )
    landing.land(
        "stories",
        "story",
        *(
            {
                **story(7, revision=revision, last_seen=NOW, updated_at=NOW),
                "kafka_partition": 0,
                "kafka_offset": revision,
            }
            for revision in (1, 2)
        ),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/topics", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[int]:
        return [int(one["id"], 16) for one in listed(**query)["topics"]]

    assert found() == [3, 1, 2]
    assert found(sort="mentions") == [1, 3, 2]
    assert found(sort="last_seen") == [1, 2, 3]
    assert found(min_stories=3) == [2]
    assert found(hashtag="beras,x") == [2]
    assert found(text="impor") == [2]
    assert found(text="ANTAM") == [3, 1, 2]
    assert 30 in found(since=NOW - 40 * HOUR)
    assert [(one["id"], one["revision"]) for one in listed()["samples"]] == [(f"{7:032x}", 2)]
    for sort in ("trending", "mentions", "last_seen"):
        first = listed(sort=sort, limit=2)
        rest = listed(sort=sort, limit=2, before=first["next"])
        assert first["topics"] + rest["topics"] == listed(sort=sort)["topics"]
        assert rest["next"] is None
    assert api.get("/api/v1/topics", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/topics", sort="copies").status_code == 422


def test_a_topic_is_shown_with_the_stories_that_belong_to_it_now(api: Api, landing: Landing) -> None:
    whole = topic(3, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("topics", "topic", {**whole, "kafka_partition": 0, "kafka_offset": 0})

    def joined(number: int, to: int, revision: int) -> dict[str, Any]:
        names = {"story_id": f"{number:032x}", "topic_id": f"{to:032x}"}
        return {**names, "revision": revision, "similarity": 0.5, "assigned_at": NOW + revision}

    told = [
        joined(1, 3, 1),
        joined(2, 3, 2),
        joined(3, 3, 3),
        joined(2, 9, 4),
        joined(4, 9, 5),
        joined(4, 3, 6),
    ]
    rows = [{**one, "kafka_partition": 0, "kafka_offset": at} for at, one in enumerate(told)]
    landing.land("assignments", "assignment", *rows)
    known = story(1, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("stories", "story", {**known, "kafka_partition": 0, "kafka_offset": 0})
    path = f"/api/v1/topics/{whole['id']}"
    expected = [told[5], told[2], told[0]]
    assert api.get(path).json() == {"topic": whole, "assignments": expected, "stories": [known], "next": None}
    first = api.get(path, limit=2).json()
    assert first["assignments"] == expected[:2]
    assert api.get(path, limit=2, before=first["next"]).json()["assignments"] == expected[2:]
    assert api.get(f"/api/v1/topics/{'e' * 32}").status_code == 404
    assert api.get("/api/v1/topics/no-id").status_code == 422
