"""A post of a social platform, as its collector hands it over: what is not said is not known."""

from collections.abc import Sequence
from typing import Literal

from producers.clock import event_at
from schemas.events import Millis, Post


def social_post(
    platform: str,
    native: str,
    *,
    source: str,
    kind: Literal["post", "comment", "video"],
    text: str,
    collector: str,
    collected_at: Millis,
    raw: str,
    published_at: Millis | None = None,
    title: str | None = None,
    url: str | None = None,
    lang: str | None = None,
    author_id: str | None = None,
    author_name: str | None = None,
    author_handle: str | None = None,
    author_followers: int | None = None,
    author_verified: bool | None = None,
    likes: int | None = None,
    shares: int | None = None,
    comments: int | None = None,
    views: int | None = None,
    parent: str | None = None,
    matched: Sequence[str] = (),
) -> Post:
    """The event. `native` and `parent` are ids as the platform gives them; times are to the second where they are known."""
    return Post(
        id=f"{platform}:{native}",
        platform=platform,
        source=source,
        kind=kind,
        url=url,
        title=title,
        text=text,
        lang=lang,
        author_id=author_id,
        author_name=author_name,
        author_handle=author_handle,
        author_followers=author_followers,
        author_verified=author_verified,
        likes=likes,
        shares=shares,
        comments=comments,
        views=views,
        parent_id=None if parent is None else f"{platform}:{parent}",
        matched=list(matched),
        symbols=[],
        published_at=published_at,
        published_precision="unknown" if published_at is None else "second",
        event_at=event_at(published_at, collected_at),
        collected_at=collected_at,
        collector=collector,
        raw=raw,
    )
