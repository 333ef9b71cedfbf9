"""One recorded JSON line as a Post: every field checked, so that what is malformed is refused, not guessed at."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal
from zoneinfo import ZoneInfo

import orjson

from producers.clock import event_at
from producers.recorded.times import Precision, published
from schemas.errors import Poison
from schemas.events import Millis, Post

_PLATFORMS = frozenset(
    {"news", "x", "facebook", "instagram", "youtube", "reddit", "kaskus", "stocktwits", "webhook"}
)
_ALIASES = {"twitter": "x"}
_PLATFORM = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_KINDS: Mapping[str, Literal["article", "post", "video"]] = {"news": "article", "youtube": "video"}
_THREADED = frozenset({"reddit", "kaskus", "youtube", "facebook", "instagram"})
"""Where an answer to a post is a comment; elsewhere it is a post like any other."""

_LANGUAGES = {"in": "id", "iw": "he", "ji": "yi", "und": None, "": None}
"""Codes that platforms use against ISO 639-1."""

_UTC = ZoneInfo("UTC")
_ID_CHARACTERS = 500
_LONG = 2**63


class PostReader:
    """Reads lines of one pass; `zones` are the time zones of sources whose times name none."""

    def __init__(self, zones: Mapping[str, str], collector: str) -> None:
        self._zones = {source: ZoneInfo(name) for source, name in zones.items()}
        self._collector = collector
        self._places: dict[str | None, tuple[str, str]] = {}

    def time(self, line: bytes) -> tuple[Millis, Precision, ZoneInfo]:
        """(time, precision, zone) that `line` gives; raises Poison (malformed)."""
        row = _row(line)
        zone = self._zone(_text(row, "source"))
        return *published(row.get("ts"), zone), zone

    def read(self, line: bytes, shift_ms: int, collected_at: Millis) -> Post:
        """The post in `line`, its times moved by `shift_ms`; raises Poison (malformed)."""
        row = _row(line)
        given = _text(row, "source")
        place = self._places.get(given)
        if place is None:
            place = self._places[given] = _place(given)
        platform, source = place
        published_at, precision = published(row.get("ts"), self._zone(given), shift_ms)
        text = _text(row, "text")
        if text is None or not text.strip():
            raise Poison("malformed", "no text")
        author = _text(row, "author")
        parent = _native_id(row, "in_reply_to")
        native = _native_id(row, "id") or _hash(row, given, author, text)
        post = Post(
            id=f"{platform}:{native}",
            platform=platform,
            source=source,
            kind="comment" if parent and platform in _THREADED else _KINDS.get(platform, "post"),
            url=None,
            title=None,
            text=text,
            lang=_language(_text(row, "lang")),
            author_id=author,
            author_name=author,
            author_handle=None,
            author_followers=_count(row, "followers"),
            author_verified=_flag(row, "verified"),
            likes=_count(row, "likes"),
            shares=_count(row, "retweets"),
            comments=_count(row, "replies"),
            views=None,
            parent_id=f"{platform}:{parent}" if parent else None,
            matched=[],
            symbols=_symbols(row),
            published_at=published_at,
            published_precision=precision,
            event_at=event_at(published_at, collected_at),
            collected_at=collected_at,
            collector=self._collector,
            raw=None,
        )
        if b"\\u0000" in line:
            _refuse_nul(post)
        return post

    def _zone(self, source: str | None) -> ZoneInfo:
        return self._zones.get(source or "", _UTC)


def _row(line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Poison("malformed", f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise Poison("malformed", f"a JSON {type(row).__name__}, not an object")
    return row


def _place(given: str | None) -> tuple[str, str]:
    """(platform, source) of a recorded source: `twitter/stocknet` is x, stocknet; a bare outlet is news."""
    if not given:
        return "webhook", "unknown"
    first, slash, rest = given.partition("/")
    name = first.lower()
    platform = _ALIASES.get(name, name)
    if not slash and platform not in _PLATFORMS:
        return "news", given
    if _PLATFORM.fullmatch(platform) is None:
        raise Poison("malformed", f"source names no platform: {given[:80]!r}")
    return platform, rest or platform


def _hash(row: Mapping[str, Any], source: str | None, author: str | None, text: str) -> str:
    """An id of one's own for a row without one: equal rows of a file differ in `seq`, readings of one do not."""
    identity = orjson.dumps([source, row.get("ts"), row.get("seq"), author, text])
    return "h" + hashlib.sha256(identity).hexdigest()[:24]


def _text(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    if value is None or isinstance(value, str):
        return value
    raise Poison("malformed", f"{field} is a {type(value).__name__}, not a string")


def _native_id(row: Mapping[str, Any], field: str) -> str | None:
    value = row.get(field)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _ID_CHARACTERS:
        raise Poison("malformed", f"{field} is not an id of at most {_ID_CHARACTERS} characters")
    return value


def _count(row: Mapping[str, Any], field: str) -> int | None:
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LONG:
        raise Poison("malformed", f"{field} is not a count: {value!r:.40}")
    return value


def _flag(row: Mapping[str, Any], field: str) -> bool | None:
    value = row.get(field)
    if value is None or isinstance(value, bool):
        return value
    raise Poison("malformed", f"{field} is a {type(value).__name__}, not true or false")


def _symbols(row: Mapping[str, Any]) -> list[str]:
    values = row.get("symbols")
    if values is None:
        return []
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Poison("malformed", "symbols is not a list of strings")
    return list(dict.fromkeys(name for value in values if (name := value.strip().lstrip("$").upper())))


def _language(given: str | None) -> str | None:
    if given is None:
        return None
    code = given.strip().lower().replace("_", "-").partition("-")[0]
    return _LANGUAGES.get(code, code)


def _refuse_nul(post: Post) -> None:
    for field, value in post.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(one, str) and "\0" in one for one in values):
            raise Poison("malformed", f"{field} has a NUL character")
