"""Mentions and trends for tests, and a transactional producer that commits and aborts them."""

import time
import uuid
from typing import Any

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.topics import TOPICS


def mention(number: int, **changes: Any) -> dict[str, Any]:
    """A whole mention; its id is made of `number`."""
    now = time.time_ns() // 1_000_000
    record: dict[str, Any] = {
        "id": f"x:{number}",
        "platform": "x",
        "source": "x",
        "kind": "post",
        "url": None,
        "title": None,
        "text": f"saham nomor {number} naik\nterus",
        "lang": "id",
        "author_id": None,
        "author_name": None,
        "author_handle": "budi",
        "author_followers": 10,
        "author_verified": False,
        "likes": 1,
        "shares": 2,
        "comments": 3,
        "views": None,
        "parent_id": None,
        "matched": [],
        "symbols": [],
        "published_at": now,
        "published_precision": "second",
        "event_at": now,
        "collected_at": now,
        "collector": "test",
        "language": "id",
        "sentiment": "positive",
        "confidence": 0.75,
        "positive": 0.75,
        "negative": 0.125,
        "neutral": 0.125,
        "emotion": "joy",
        "emotion_confidence": 0.5,
        "emotions": {"joy": 0.5},
        "keywords": [],
        "hashtags": [],
        "fingerprint": number,
        "truncated": False,
        "model_version": "test",
        "enriched_at": now,
        "origin_topic": "posts",
        "origin_partition": number % 4,
        "origin_offset": number,
    }
    return record | changes


def trend(subject_kind: str, subject: str, **changes: Any) -> dict[str, Any]:
    """A whole trend window."""
    now = time.time_ns() // 1_000_000
    start = now // 3_600_000 * 3_600_000
    record: dict[str, Any] = {
        "revision": 1,
        "subject_kind": subject_kind,
        "subject": subject,
        "platform": "",
        "window": "1h",
        "start": start,
        "end": start + 3_600_000,
        "mentions": 10,
        "copies": 0,
        "authors": 5,
        "positive": 5,
        "negative": 3,
        "neutral": 2,
        "engagement": 7,
        "velocity": 0.1,
        "score": 2.5,
        "display_score": 80.0,
        "baseline": 4.0,
        "learnt": 20,
        "least": 5,
        "weight": 20,
        "expected": [6.0, 5.0],
        "spread": [3.5, 4.0],
        "terms": {"naik": 4},
        "sources": {"x": 10},
        "samples": ["x:1"],
        "closed": False,
        "late": 0,
        "computed_at": now,
    }
    record |= changes
    return {"id": "{subject_kind}:{subject}:{platform}:{window}:{start}".format(**record), **record}


def story(number: int, **changes: Any) -> dict[str, Any]:
    """A whole story with one copy; its id is made of `number`."""
    now = time.time_ns() // 1_000_000
    record: dict[str, Any] = {
        "id": f"{number:032x}",
        "revision": 2,
        "post_id": f"news:{number}",
        "platform": "news",
        "source": "wire",
        "url": "https://example.org/a",
        "excerpt": f"saham nomor {number} naik",
        "subjects": [],
        "sources": {"news/wire": 1, "x/feed": 1},
        "copies": 1,
        "authors": 1,
        "positive": 1,
        "negative": 0,
        "neutral": 1,
        "first_seen": now - 60_000,
        "last_seen": now,
        "updated_at": now,
    }
    return record | changes


def story_link(story_id: str, post: int, **changes: Any) -> dict[str, Any]:
    """The link of a copy to its story."""
    now = time.time_ns() // 1_000_000
    record: dict[str, Any] = {
        "post_id": f"news:{post}",
        "story_id": story_id,
        "is_copy": True,
        "similarity": 0.75,
        "platform": "news",
        "source": "wire",
        "url": None,
        "author": None,
        "event_at": now,
        "collected_at": now,
        "enriched_at": now,
    }
    return record | changes


def influencer(number: int, **changes: Any) -> dict[str, Any]:
    """A whole profile; its id is made of `number`."""
    now = time.time_ns() // 1_000_000
    record: dict[str, Any] = {
        "id": f"x:a{number}",
        "revision": now,
        "platform": "x",
        "handle": f"akun{number}",
        "name": None,
        "followers": 1_000,
        "verified": False,
        "profile_url": f"https://x.com/akun{number}",
        "mentions": 3,
        "reposts": 0,
        "active_days": 1,
        "positive": 1,
        "negative": 1,
        "neutral": 1,
        "engagement": 6,
        "engagement_rate": 0.002,
        "originals": 2,
        "repeats": 0,
        "copies": 0,
        "marked": 0,
        "originality": 1.0,
        "follow_positive": 0,
        "follow_negative": 1,
        "follow_neutral": 0,
        "sentiment_influence": "negative",
        "topics": {"symbol:BBCA.JK": 2},
        "score": 20.5,
        "score_reach": 12.5,
        "score_engagement": 2.5,
        "score_originality": 8.0,
        "score_activity": 0.25,
        "score_echo": 1.5,
        "score_spam": -4.25,
        "signals": [
            {
                "kind": "rate",
                "explanation": "3 hours",
                "observed": 3.0,
                "limit": 3.0,
                "authors": [],
                "samples": [f"x:{number}"],
            }
        ],
        "late": 0,
        "last_activity": now,
        "updated_at": now,
    }
    return record | changes


def topic(number: int, **changes: Any) -> dict[str, Any]:
    """A whole topic of two stories; its id is made of `number`."""
    now = time.time_ns() // 1_000_000
    record: dict[str, Any] = {
        "id": f"{number:032x}",
        "revision": 2,
        "label": f"harga emas {number}",
        "terms": ["harga emas", "antam"],
        "mentions": 3,
        "stories": 2,
        "positive": 1,
        "negative": 0,
        "neutral": 2,
        "hashtags": {"emas": 1},
        "words": {"harga": 3, "emas": 3},
        "trending_score": 1.5,
        "sample_ids": [f"{number:032x}"],
        "merged_into": None,
        "first_seen": now - 60_000,
        "last_seen": now,
        "updated_at": now,
    }
    return record | changes


class Publisher:
    """Writes events as a stage does: in transactions, some of which are aborted when asked to.

    One with the `name` of a former one finishes what that left unfinished, as a stage's successor does.
    """

    def __init__(self, bootstrap: str, prefix: str, name: str | None = None) -> None:
        self._prefix = prefix
        self._codec = Codec(PinnedIds())
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "transactional.id": f"test-{name or uuid.uuid4().hex}",
                "partitioner": "murmur2_random",
                "linger.ms": 0,
                "log_level": 0,
            }
        )
        self._producer.init_transactions(60)

    def knows(self, topic: str, partition: int) -> bool:
        """Whether its producer has heard of a partition."""
        name = TOPICS[topic].full_name(self._prefix)
        return partition in self._producer.list_topics(name, timeout=60).topics[name].partitions

    def publish(
        self,
        *records: dict[str, Any],
        topic: str = "mentions",
        abort: bool = False,
        partition: int | None = None,
    ) -> None:
        """One transaction; an aborted one has reached the log all the same."""
        self._producer.begin_transaction()
        for record in records:
            where = {} if partition is None else {"partition": partition}
            self._producer.produce(
                TOPICS[topic].full_name(self._prefix),
                self._codec.encode(TOPICS[topic].event, record),
                key=record.get("id") or record.get("symbol") or record["story_id"],
                **where,
            )
        self._producer.flush(30)
        if abort:
            self._producer.abort_transaction(30)
        else:
            self._producer.commit_transaction(30)
