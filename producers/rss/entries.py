"""Entries of a feed: parsed from its bytes, and each one as a Post."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import orjson

from producers.clock import event_at
from producers.rss.feeds import Feed
from producers.rss.identity import native_id
from producers.rss.times import published
from producers.web.fetch import Answer
from producers.web.text import joined, plain
from schemas.errors import Poison, Retryable
from schemas.events import Millis, Post

_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_CLOSED = re.compile(rb"</\s*(?:\w+:)?(?:rss|feed|rdf|xml)\s*>", re.IGNORECASE)
_TAIL_BYTES = 2_000
_REFERENCE = re.compile(rb"&(?:amp;)?#(?:[xX]([0-9a-fA-F]{1,16})|([0-9]{1,16}));?")
_REFERENCES = re.compile(rb"(?:&(?:amp;)?#(?:[xX][0-9a-fA-F]{1,16}|[0-9]{1,16});?)+")
# Atomic, so that no body makes it look twice at the same bytes.
_DECLARATIONS = re.compile(
    rb"\A((?>\xef\xbb\xbf|\s|<\?.*?\?>|<!--.*?-->)*+)<!DOCTYPE[^\[>]*+\[.*?\]\s*>", re.DOTALL | re.IGNORECASE
)
_RAW_FIELDS = ("id", "link", "title", "summary", "author", "published", "updated")
_RAW_CHARACTERS = 2_000
_NAME_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Parsed:
    """What could be read of an answer; `whole` says that nothing is missing, `remark` what was wrong with it."""

    entries: Sequence[Mapping[str, Any]]
    whole: bool
    remark: str | None


def parse(answer: Answer) -> Parsed:
    """The entries of `answer`, in its order; raises Retryable where it is no feed at all."""
    headers = {"content-location": answer.url}
    if answer.content_type:
        headers["content-type"] = answer.content_type
    # A stream, because feedparser would take a short string for the name of a file or an address to fetch.
    found = feedparser.parse(io.BytesIO(_mended(answer.body)), response_headers=headers)
    # Plain ones: feedparser's own take the time of an update for one of publication, with a warning.
    entries = [dict(entry) for entry in found.get("entries", [])]
    if not entries and not found.get("version"):
        raise Retryable(f"not a feed: {answer.content_type or 'no type'}, {len(answer.body)} bytes")
    problem = found.get("bozo_exception") if found.get("bozo") else None
    if problem is None or isinstance(problem, _HARMLESS):
        return Parsed(entries, whole=True, remark=None)
    remark = f"malformed feed, {len(entries)} entries could be read: {problem}"
    if _CLOSED.search(answer.body[-_TAIL_BYTES:]) is None:
        # The last entry may be half an entry. The whole feed is asked for next time, and it with it.
        return Parsed(entries[:-1], whole=False, remark=f"{remark}; it ends in the middle")
    return Parsed(entries, whole=False, remark=remark)


def _mended(body: bytes) -> bytes:
    """`body` with references to characters only, on which feedparser gives the whole feed up otherwise, and declaring no entities.

    Two references that are one character in UTF-16 (`&#xD83D;&#xDE00;`) become that character's. Entities made of entities would
    have a kilobyte take ten seconds to read; HTML's own are known without being declared.
    """
    return _REFERENCES.sub(_characters, _DECLARATIONS.sub(rb"\1", body))


def _characters(references: re.Match[bytes]) -> bytes:
    codes = [int(one[1], 16) if one[1] else int(one[2]) for one in _REFERENCE.finditer(references[0])]
    if all(code < 0xD800 or 0xDFFF < code <= 0x10FFFF for code in codes):  # noqa: PLR2004 -- Unicode's own bounds
        return references[0]
    text = "".join(chr(code) if code <= 0x10FFFF else "\ufffd" for code in codes)  # noqa: PLR2004 -- same
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(f"&#{ord(character)};" for character in whole).encode()


def as_post(entry: Mapping[str, Any], feed: Feed, collector: str, collected_at: Millis) -> Post:
    """The post in `entry`; raises Poison (malformed) where nothing tells it from others, or it says nothing."""
    native = native_id(entry, feed.url)
    title = plain(_text(entry, "title"))
    content = entry.get("content") or [{}]
    text = joined(title, plain(_text(entry, "summary") or str(content[0].get("value") or "")))
    if not text:
        raise Poison("malformed", "neither title nor summary")
    published_at, precision = published(entry, ZoneInfo(feed.zone))
    link = _text(entry, "link").strip()
    author = plain(_text(entry, "author"))[:_NAME_CHARACTERS]
    return Post(
        id=f"{feed.platform}:{native}",
        platform=feed.platform,
        source=feed.name,
        kind="article" if feed.platform == "news" else "post",
        url=link if link.lower().startswith(("http://", "https://")) else None,
        title=title or None,
        text=text,
        lang=feed.language,
        author_id=None,
        author_name=author or None,
        author_handle=None,
        author_followers=None,
        author_verified=None,
        likes=None,
        shares=None,
        comments=None,
        views=None,
        parent_id=None,
        matched=[],
        symbols=[],
        published_at=published_at,
        published_precision=precision,
        event_at=event_at(published_at, collected_at),
        collected_at=collected_at,
        collector=collector,
        raw=raw(entry).decode(),
    )


def raw(entry: Mapping[str, Any]) -> bytes:
    """What the feed said, as JSON, each field cut to a length that any post has room for."""
    return orjson.dumps({name: str(entry[name])[:_RAW_CHARACTERS] for name in _RAW_FIELDS if entry.get(name)})


def _text(entry: Mapping[str, Any], field: str) -> str:
    return str(entry.get(field) or "")
