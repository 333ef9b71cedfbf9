"""The body of a request: posts as a sender writes them, each one as a Post."""

import hashlib
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from producers.clock import event_at
from producers.web.dates import stated
from producers.web.text import joined
from producers.webhook.senders import Sender
from schemas.events import Millis, Post

MOST_POSTS = 500

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
_Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]
_Count = Annotated[int, Field(ge=0, lt=2**63)]
_LONGEST_ID = 200


class IncomingPost(BaseModel):
    """One post; `id` tells it from the sender's others for ever, `published_at` is ISO 8601 or epoch milliseconds."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
    text: _Text
    title: _Line | None = None
    url: Annotated[str, StringConstraints(pattern=r"^https?://\S+$", max_length=2_000)] | None = None
    kind: Literal["article", "post", "comment", "video"] = "post"
    lang: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None
    author_id: _Line | None = None
    author_name: _Line | None = None
    author_handle: _Line | None = None
    author_followers: _Count | None = None
    likes: _Count | None = None
    shares: _Count | None = None
    comments: _Count | None = None
    views: _Count | None = None
    parent: Annotated[str, StringConstraints(min_length=1, max_length=1_000)] | None = None
    published_at: (
        Annotated[int, Field(ge=0, lt=2**53)] | Annotated[str, StringConstraints(max_length=100)] | None
    ) = None


class Incoming(BaseModel):
    """The whole body."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    posts: Annotated[list[IncomingPost], Field(min_length=1, max_length=MOST_POSTS)]


def as_post(one: IncomingPost, sender: Sender, collector: str, collected_at: Millis) -> Post:
    """The event; a time that cannot be read is unknown, not refused."""
    found = None
    if isinstance(one.published_at, int):
        found = one.published_at, "second"
    elif one.published_at:
        found = stated(one.published_at, ZoneInfo(sender.zone))
    published_at, precision = found or (None, "unknown")
    return Post(
        id=_id(sender, one.id),
        platform="webhook",
        source=sender.name,
        kind=one.kind,
        url=one.url,
        title=one.title or None,
        text=joined(one.title or "", one.text),
        lang=one.lang,
        author_id=one.author_id or None,
        author_name=one.author_name or None,
        author_handle=(one.author_handle or "").removeprefix("@") or None,
        author_followers=one.author_followers,
        author_verified=None,
        likes=one.likes,
        shares=one.shares,
        comments=one.comments,
        views=one.views,
        parent_id=None if one.parent is None else _id(sender, one.parent),
        matched=[],
        symbols=[],
        published_at=published_at,
        published_precision=precision,  # type: ignore[typeddict-item]  # one of the three in each branch
        event_at=event_at(published_at, collected_at),
        collected_at=collected_at,
        collector=collector,
        raw=raw(one).decode(),
    )


def raw(one: IncomingPost) -> bytes:
    """The post as it came, without its text."""
    return orjson.dumps(one.model_dump(exclude={"text"}, exclude_none=True))


def _id(sender: Sender, native: str) -> str:
    if len(native) > _LONGEST_ID:
        native = hashlib.sha256(native.encode("utf-8", "replace")).hexdigest()
    return f"webhook:{sender.name}/{native}"
