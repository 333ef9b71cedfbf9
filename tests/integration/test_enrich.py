"""`enrich` on real Kafka: two workers, four partitions, kills, repeats and broken records."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import MAX_POST_BYTES
from tests.support.broker import Broker
from tests.support.stages import CODEC, Feed, Workers, posts, records
from tests.support.topics import create_topics
from tests.support.until import until


def assert_receipts_tile(receipts: list[dict[str, Any]]) -> Counter[str]:
    """Without hole or overlap from offset 0 on; returns the totals."""
    expected: Counter[int] = Counter()
    totals: Counter[str] = Counter()
    for one in sorted(receipts, key=lambda receipt: (receipt["partition"], receipt["first_offset"])):
        assert one["first_offset"] == expected[one["partition"]], one
        assert one["records"] == one["last_offset"] - one["first_offset"] + 1
        assert one["records"] == one["mentions"] + one["repeats"] + one["dead_letters"]
        assert one["records"] == sum(count["count"] for count in one["counts"])
        assert len(one["repeat_offsets"]) == one["repeats"]
        expected[one["partition"]] = one["last_offset"] + 1
        for outcome in ("records", "mentions", "repeats", "dead_letters"):
            totals[outcome] += one[outcome]
    return totals


@pytest.mark.slow
def test_every_post_is_one_mention_whatever_is_killed_or_repeated(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    made = posts(1_500)
    with Workers(kafka.bootstrap, prefix, "enrich", tmp_path, enrich_batch=60) as workers:
        workers.start(2)
        feed.send("posts", [(post["id"], post) for post in made])
        until(lambda: workers.committed() > 200, "the first batches", 150)
        workers.kill_one()
        workers.start()
        until(lambda: workers.committed() > 700, "more batches", 150)
        workers.kill_one()
        workers.start()
        feed.send(
            "posts", [(post["id"], {**post, "collected_at": post["collected_at"] + 5}) for post in made]
        )
        workers.settled()
        assert workers.stop() == [0, 0]

    mentions = records(kafka.bootstrap, prefix, "mentions")
    assert sorted(mention["id"] for mention in mentions) == sorted(post["id"] for post in made)
    totals = assert_receipts_tile(records(kafka.bootstrap, prefix, "receipts"))
    assert totals == {"records": 3_000, "mentions": 1_500, "repeats": 1_500, "dead_letters": 0}

    partials = records(kafka.bootstrap, prefix, "partials")
    counted: Counter[tuple[str, str]] = Counter()
    for one in partials:
        counted[one["subject_kind"], one["subject"]] += one["mentions"]
    assert counted["all", ""] == 1_500
    assert counted["hashtag", "ihsg"] == 1_500
    assert counted["symbol", "AAPL"] == counted["symbol", "MSFT"] == counted["symbol", "BAC"] == 500
    assert sum(one["engagement"] for one in partials if one["subject_kind"] == "all") == 3 * 1_500
    heard = {one["source_partition"]: one["idle"] for one in partials if one["subject_kind"] == "watermark"}
    assert heard == dict.fromkeys(range(4), True)

    by_id = {post["id"]: post for post in made}
    for mention in mentions:
        post = by_id[mention["id"]]
        assert {name: mention[name] for name in post if name not in ("raw", "symbols")} == {
            name: value for name, value in post.items() if name not in ("raw", "symbols")
        }
        assert mention["hashtags"] == ["ihsg"]
        assert mention["origin_topic"] == prefix + "posts"
        assert mention["sentiment"] in ("positive", "negative", "neutral")
        assert abs(mention["positive"] + mention["negative"] + mention["neutral"] - 1) < 0.01
        assert mention["model_version"]
    assert len({(mention["origin_partition"], mention["origin_offset"]) for mention in mentions}) == 1_500


def test_broken_records_become_dead_letters_and_the_rest_is_untouched(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    good = posts(40)
    whole = CODEC.encode("post", good[0])
    large = CODEC.encode("post", {**good[0], "id": "x:large", "text": "a" * MAX_POST_BYTES})
    keyword = CODEC.encode(
        "keyword",
        {
            "id": "k",
            "text": "t",
            "category": "",
            "priority": 1,
            "active": True,
            "languages": [],
            "query": None,
            "monitoring_start": None,
            "updated_at": 0,
        },
    )
    broken = {
        b"garbage": ("undecodable", b"\xde\xad\xbe\xef garbage"),
        b"truncated": ("undecodable", whole[: len(whole) // 2]),
        b"unknown id": ("undecodable", b"\x00\x00\x00\xff\xff" + whole[5:]),
        b"x:large": ("oversized", large),
        b"k": ("invalid", keyword),
        b"another key": ("invalid", whole),
        b"tombstone": ("undecodable", None),
    }
    feed.send("posts", [(post["id"], post) for post in good[:20]])
    for key, (_, value) in broken.items():
        feed.raw("posts", key, value)
    feed.send("posts", [(post["id"], post) for post in good[20:]])
    with Workers(kafka.bootstrap, prefix, "enrich", tmp_path) as workers:
        workers.start(2)
        workers.settled()
    letters = records(kafka.bootstrap, prefix, "dead-letters")
    assert {letter["key"]: letter["reason"] for letter in letters} == {
        key: reason for key, (reason, _) in broken.items()
    }
    assert {letter["key"]: letter["raw"] for letter in letters} == {
        key: (value or b"")[:MAX_POST_BYTES] for key, (_, value) in broken.items()
    }
    assert len({letter["id"] for letter in letters}) == len(letters) == len(broken)
    assert {mention["id"] for mention in records(kafka.bootstrap, prefix, "mentions")} == {
        post["id"] for post in good
    }
    totals = assert_receipts_tile(records(kafka.bootstrap, prefix, "receipts"))
    assert totals == {"records": 47, "mentions": 40, "repeats": 0, "dead_letters": 7}


def test_keywords_are_known_before_the_first_post_and_followed_live(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)

    def keyword(text: str, active: bool = True) -> dict[str, Any]:
        return {
            "id": text,
            "text": text,
            "category": "",
            "priority": 1,
            "active": active,
            "languages": [],
            "query": None,
            "monitoring_start": None,
            "updated_at": 0,
        }

    feed.send(
        "keywords",
        [
            ("price", keyword("Harga  SAHAM")),
            ("gone", keyword("naik")),
            ("off", keyword("naik", False)),
            ("gone", None),
        ],
    )
    feed.raw("keywords", b"junk", b"not a keyword")
    feed.send("posts", [(post["id"], post) for post in posts(30, name="before")])
    with Workers(kafka.bootstrap, prefix, "enrich", tmp_path) as workers:
        workers.start(2)
        workers.settled()
        feed.send("keywords", [("up", keyword("naik")), ("price", None)])
        # Live, but not in the transaction of anyone: posts are sent until both workers have heard of it.
        deadline = time.monotonic() + 240
        number = 0
        while True:
            assert time.monotonic() < deadline
            number += 1
            feed.send("posts", [(post["id"], post) for post in posts(30, name=f"after{number}-")])
            workers.settled()
            found = [
                m["keywords"]
                for m in records(kafka.bootstrap, prefix, "mentions")
                if m["id"].startswith(f"x:after{number}-")
            ]
            if found and all(keywords == ["up"] for keywords in found):
                break
    before = [m for m in records(kafka.bootstrap, prefix, "mentions") if m["id"].startswith("x:before")]
    assert len(before) == 30
    assert all(mention["keywords"] == ["price"] for mention in before)
    assert any(one["subject"] == "price" for one in records(kafka.bootstrap, prefix, "partials"))
