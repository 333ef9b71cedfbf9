"""What YouTube sends of a video or a comment, as a Post."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from producers.base import Item
from producers.fields import count, moment, needed, part, text
from producers.latest import engagement
from producers.posts import social_post
from producers.recent import Listed
from producers.web.text import joined
from schemas.errors import Poison
from schemas.events import Millis, Post

_TEXT_CHARACTERS = 5_000
"""As long as YouTube lets descriptions be."""


def uploaded(item: Any) -> Listed:
    """The video in a line of a playlist; raises Poison where it names none."""
    details = part(_record(item), "contentDetails")
    return Listed(needed(details, "videoId"), moment(details, "videoPublishedAt"))


def found(item: Any) -> Listed:
    """The video in a line of a search; raises Poison where it names none."""
    record = _record(item)
    return Listed(needed(part(record, "id"), "videoId"), moment(part(record, "snippet"), "publishedAt"))


def commented(item: Any) -> Listed:
    """The comment in a line of comments; raises Poison where it names none."""
    comment = part(part(_record(item), "snippet"), "topLevelComment")
    return Listed(needed(comment, "id"), moment(part(comment, "snippet"), "publishedAt"))


def video_post(video: Any, source: str, matched: Sequence[str], collected_at: Millis) -> Post:
    """The post of a video; raises Poison where it has no id, title or time."""
    record = _record(video)
    snippet, numbers = part(record, "snippet"), part(record, "statistics")
    native, title = needed(record, "id"), needed(snippet, "title")
    language = text(snippet, "defaultAudioLanguage") or text(snippet, "defaultLanguage")
    return social_post(
        "youtube",
        native,
        source=source,
        kind="video",
        text=joined(title, text(snippet, "description") or "")[:_TEXT_CHARACTERS],
        collector="youtube",
        collected_at=collected_at,
        raw=orjson.dumps(record).decode(),
        published_at=_published(snippet),
        title=title,
        url=f"https://www.youtube.com/watch?v={native}",
        lang=None if language is None else language.partition("-")[0].lower(),
        author_id=text(snippet, "channelId"),
        author_name=text(snippet, "channelTitle"),
        likes=count(numbers, "likeCount"),
        comments=count(numbers, "commentCount"),
        views=count(numbers, "viewCount"),
        matched=matched,
    )


def video_counts(video: Any, read_at: Millis) -> Item:
    """The counts of a video as they were read at `read_at`; raises Poison where it has no id."""
    record = _record(video)
    numbers = part(record, "statistics")
    return engagement(
        "youtube",
        needed(record, "id"),
        read_at,
        likes=count(numbers, "likeCount"),
        comments=count(numbers, "commentCount"),
        views=count(numbers, "viewCount"),
    )


def comment_post(thread: Any, source: str, collected_at: Millis) -> Post:
    """The post of a comment; raises Poison where it has no id, text or time."""
    about = part(_record(thread), "snippet")
    comment = part(about, "topLevelComment")
    snippet = part(comment, "snippet")
    native, video = needed(comment, "id"), text(snippet, "videoId")
    return social_post(
        "youtube",
        native,
        source=source,
        kind="comment",
        text=text(snippet, "textOriginal") or needed(snippet, "textDisplay"),
        collector="youtube",
        collected_at=collected_at,
        raw=orjson.dumps(thread).decode(),
        published_at=_published(snippet),
        url=None if video is None else f"https://www.youtube.com/watch?v={video}&lc={native}",
        author_id=text(part(snippet, "authorChannelId"), "value"),
        author_name=text(snippet, "authorDisplayName"),
        likes=count(snippet, "likeCount"),
        comments=count(about, "totalReplyCount"),
        parent=video,
    )


def _published(snippet: Mapping[str, Any]) -> Millis:
    at = moment(snippet, "publishedAt")
    if at is None:
        raise Poison("malformed", "no publishedAt")
    return at


def _record(item: Any) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise Poison("malformed", "no object")
    return item
