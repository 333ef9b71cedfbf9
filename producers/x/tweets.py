"""What X sends of a post, as a Post."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from producers.fields import count, moment, needed, part, text
from producers.posts import social_post
from producers.x.query import language
from schemas.errors import Poison
from schemas.events import Millis, Post


def tweet_id(tweet: Any) -> int:
    """Its id; raises Poison where it has none."""
    native = needed(tweet, "id") if isinstance(tweet, Mapping) else ""
    if not (native.isascii() and native.isdigit()):
        raise Poison("malformed", "no id")
    return int(native)


def as_post(
    tweet: Mapping[str, Any],
    users: Mapping[str, Mapping[str, Any]],
    matched: Sequence[str],
    source: str,
    collected_at: Millis,
) -> Post:
    """The post; raises Poison (malformed) where it has no id, no text or no time that can be read."""
    native = str(tweet_id(tweet))
    published_at = moment(tweet, "created_at")
    if published_at is None:
        raise Poison("malformed", "no created_at")
    author = text(tweet, "author_id")
    user = users.get(author or "", {})
    metrics, handle = part(tweet, "public_metrics"), text(user, "username")
    verified = user.get("verified")
    answered = [
        one.get("id")
        for one in tweet.get("referenced_tweets") or []
        if isinstance(one, Mapping) and one.get("type") == "replied_to"
    ]
    return social_post(
        "x",
        native,
        source=source,
        kind="comment" if answered else "post",
        # Longer ones than 280 characters are cut in `text`.
        text=text(part(tweet, "note_tweet"), "text") or needed(tweet, "text"),
        collector="x",
        collected_at=collected_at,
        raw=orjson.dumps(tweet).decode(),
        published_at=published_at,
        url=f"https://x.com/{handle or 'i'}/status/{native}",
        lang=language(text(tweet, "lang")),
        author_id=author,
        author_name=text(user, "name"),
        author_handle=handle,
        author_followers=count(part(user, "public_metrics"), "followers_count"),
        author_verified=verified if isinstance(verified, bool) else None,
        likes=count(metrics, "like_count"),
        shares=shares_of(metrics),
        comments=count(metrics, "reply_count"),
        views=count(metrics, "impression_count"),
        parent=str(answered[0]) if answered else None,
        matched=matched,
    )


def shares_of(metrics: Mapping[str, Any]) -> int | None:
    """Reposts and quotes together."""
    reposts, quotes = count(metrics, "retweet_count"), count(metrics, "quote_count")
    return None if reposts is None and quotes is None else (reposts or 0) + (quotes or 0)
