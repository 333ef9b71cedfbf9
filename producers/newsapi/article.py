"""An article of NewsAPI as a Post."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from producers.clock import event_at
from producers.web.identity import canonical, hashed
from producers.web.text import joined, plain
from schemas.errors import Poison
from schemas.events import Millis, Post

_MORE = re.compile(r"\s*(?:…|\.\.\.)?\s*\[\+?\d+ chars\]\s*$")
_MORE_CHARACTERS = 60
"""At the end of a text, where alone `_MORE` may be: it takes time that grows with the cube of the spaces it sees."""
_NAME_CHARACTERS = 200
_RAW_CHARACTERS = 2_000


def removed(article: Any) -> bool:
    """Whether only its place is left of an article that was taken down."""
    return isinstance(article, Mapping) and article.get("title") == "[Removed]"


def as_post(article: Any, keyword: str, language: str | None, collector: str, collected_at: Millis) -> Post:
    """The post in `article`, with the id that any collector gives to its address.

    Raises Poison (malformed) where it has no address or says nothing.
    """
    if not isinstance(article, Mapping):
        raise Poison("malformed", f"an article that is a {type(article).__name__}")
    url = _text(article, "url")
    host = _host(url)
    if host is None:
        raise Poison("malformed", "no web address")
    title = plain(_text(article, "title"))
    summary = plain(_text(article, "description")) or plain(_whole(_text(article, "content")))
    text = joined(title, summary)
    if not text:
        raise Poison("malformed", "neither title nor description")
    published_at = _moment(_text(article, "publishedAt"))
    return Post(
        id=f"news:{hashed(canonical(url))}",
        platform="news",
        source=host,
        kind="article",
        url=url,
        title=title or None,
        text=text,
        lang=language,
        author_id=None,
        author_name=plain(_text(article, "author"))[:_NAME_CHARACTERS] or None,
        author_handle=None,
        author_followers=None,
        author_verified=None,
        likes=None,
        shares=None,
        comments=None,
        views=None,
        parent_id=None,
        matched=[keyword],
        symbols=[],
        published_at=published_at,
        published_precision="unknown" if published_at is None else "second",
        event_at=event_at(published_at, collected_at),
        collected_at=collected_at,
        collector=collector,
        raw=raw(article).decode(),
    )


def published(article: Any) -> Millis | None:
    """When it was published, where it says so."""
    return _moment(_text(article, "publishedAt")) if isinstance(article, Mapping) else None


def raw(article: Any) -> bytes:
    """What NewsAPI said, each field cut to a length that any post has room for."""
    if not isinstance(article, Mapping):
        return orjson.dumps(str(article)[:_RAW_CHARACTERS])
    return orjson.dumps(
        {str(name)[:50]: str(value)[:_RAW_CHARACTERS] for name, value in list(article.items())[:20]}
    )


def _text(article: Mapping[str, Any], name: str) -> str:
    value = article.get(name)
    return value.strip() if isinstance(value, str) else ""


def _whole(content: str) -> str:
    """`content` without how many characters more there are."""
    return content[:-_MORE_CHARACTERS] + _MORE.sub("", content[-_MORE_CHARACTERS:])


def _host(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    return parts.hostname.lower().removeprefix("www.")


def _moment(given: str) -> Millis | None:
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        return None
    return round(at.replace(tzinfo=at.tzinfo or UTC).timestamp() * 1000)
