"""What the Graph API sends of a page's post or of a medium with a hashtag, as a Post."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from producers.fields import count, moment, needed, part, text
from producers.posts import social_post
from producers.recent import Listed
from schemas.errors import Poison
from schemas.events import Millis, Post

PAGE_FIELDS = (
    "id,message,story,created_time,permalink_url,from{id,name},shares,"
    "reactions.summary(total_count).limit(0),comments.summary(total_count).limit(0)"
)
MEDIA_FIELDS = "id,caption,media_type,comments_count,like_count,permalink,timestamp"


def posted(thing: Any) -> Listed:
    """A page's post in its list; raises Poison where it has no id."""
    record = _record(thing)
    return Listed(needed(record, "id"), moment(record, "created_time"))


def tagged(thing: Any) -> Listed:
    """A medium in the list of a hashtag; raises Poison where it has no id."""
    record = _record(thing)
    return Listed(needed(record, "id"), moment(record, "timestamp"))


def said(thing: Mapping[str, Any]) -> str | None:
    """Its text; pictures need not have one."""
    return text(thing, "message") or text(thing, "story") or text(thing, "caption")


def page_post(thing: Mapping[str, Any], source: str, collected_at: Millis) -> Post:
    """The post of a page; raises Poison (malformed) where it has no id, text or time."""
    author, native = part(thing, "from"), needed(thing, "id")
    return social_post(
        "facebook",
        native,
        source=source,
        kind="post",
        text=_said(thing),
        collector="facebook",
        collected_at=collected_at,
        raw=orjson.dumps(thing).decode(),
        published_at=_at(thing, "created_time"),
        url=text(thing, "permalink_url"),
        author_id=text(author, "id"),
        author_name=text(author, "name"),
        likes=count(part(part(thing, "reactions"), "summary"), "total_count"),
        shares=count(part(thing, "shares"), "count"),
        comments=count(part(part(thing, "comments"), "summary"), "total_count"),
    )


def medium_post(thing: Mapping[str, Any], source: str, matched: Sequence[str], collected_at: Millis) -> Post:
    """The post of a medium; raises Poison (malformed) as `page_post`. Whose it is Instagram does not say."""
    return social_post(
        "instagram",
        needed(thing, "id"),
        source=source,
        kind="video" if thing.get("media_type") == "VIDEO" else "post",
        text=_said(thing),
        collector="instagram",
        collected_at=collected_at,
        raw=orjson.dumps(thing).decode(),
        published_at=_at(thing, "timestamp"),
        url=text(thing, "permalink"),
        likes=count(thing, "like_count"),
        comments=count(thing, "comments_count"),
        matched=matched,
    )


def _said(thing: Mapping[str, Any]) -> str:
    found = said(thing)
    if found is None:
        raise Poison("malformed", "no text")
    return found


def _at(thing: Mapping[str, Any], name: str) -> Millis:
    at = moment(thing, name)
    if at is None:
        raise Poison("malformed", f"no {name}")
    return at


def _record(thing: Any) -> Mapping[str, Any]:
    if not isinstance(thing, Mapping):
        raise Poison("malformed", "no object")
    return thing
