"""What Reddit sends of a submission or a comment, as a Post."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from producers.fields import count, moment, needed, part, text
from producers.posts import social_post
from producers.reddit.seen import number
from producers.web.text import joined
from schemas.errors import Poison
from schemas.events import Millis, Post

_COMMENT, _SUBMISSION = "t1", "t3"
_GONE = frozenset({"[deleted]", "[removed]"})
_RAW_FIELDS = (
    "name",
    "title",
    "selftext",
    "body",
    "author",
    "created_utc",
    "score",
    "num_comments",
    "permalink",
    "url",
    "subreddit",
)


def thing_id(thing: Any) -> str:
    """Its id in base 36; raises Poison where it has none."""
    identity = needed(part(thing, "data"), "id") if isinstance(thing, Mapping) else ""
    try:
        number(identity)
    except ValueError:
        raise Poison("malformed", "no id") from None
    return identity


def gone(thing: Mapping[str, Any]) -> bool:
    """Whether its text was taken away and nothing else of it says anything."""
    data = part(thing, "data")
    return thing.get("kind") == _COMMENT and text(data, "body") in _GONE


def as_post(thing: Mapping[str, Any], source: str, matched: Sequence[str], collected_at: Millis) -> Post:
    """The post; raises Poison (malformed) where it is neither kind, or has no id, text or time that can be read.

    `likes` is Reddit's score, votes up less votes down; None where that is below 0.
    """
    identity, data, kind = thing_id(thing), part(thing, "data"), thing.get("kind")
    published_at = moment(data, "created_utc")
    if published_at is None:
        raise Poison("malformed", "no created_utc")
    title, parent = None, None
    if kind == _SUBMISSION:
        title = needed(data, "title")
        body = text(data, "selftext") or ""
        said = joined(title, "" if body in _GONE else body)
    elif kind == _COMMENT:
        said, parent = needed(data, "body"), text(data, "parent_id")
    else:
        raise Poison("malformed", f"neither a submission nor a comment but {str(kind)[:20]}")
    author, link = text(data, "author"), text(data, "permalink")
    return social_post(
        "reddit",
        f"{kind}_{identity}",
        source=source,
        kind="comment" if kind == _COMMENT else "post",
        text=said,
        collector="reddit",
        collected_at=collected_at,
        raw=orjson.dumps({name: data[name] for name in _RAW_FIELDS if name in data}).decode(),
        published_at=published_at,
        title=title,
        url=None if link is None else f"https://www.reddit.com{link}",
        author_id=text(data, "author_fullname"),
        author_name=None if author in _GONE else author,
        author_handle=None if author in _GONE else author,
        likes=count(data, "score"),
        comments=count(data, "num_comments"),
        parent=parent,
        matched=matched,
    )
