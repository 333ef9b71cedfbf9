"""What a web page says of an article: title, text, author, time; out of markup that nobody vouches for."""

import logging
from codecs import lookup
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from selectolax.lexbor import LexborHTMLParser
from trafilatura import bare_extraction

from producers.web.dates import Precision, stated, within
from producers.web.text import plain
from schemas.errors import Poison
from schemas.events import Millis

TEXT_CHARACTERS = 20_000
"""As much of an article as is kept."""
MOST_TAGS = 20_000
"""Beyond that no page is taken apart: the time that takes grows with the square of how deep they are nested."""
_TITLE_CHARACTERS = 500
_NAME_CHARACTERS = 200
_JSON_CHARACTERS = 200_000
_DEPTH = 4
_KINDS = ("Article", "DiscussionForumPosting")
_NO_ENCODINGS = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""What Python has among its encodings, and no page is written in; some take time that grows with the square of the page."""
_TIMES = (
    "article:published_time",
    "datepublished",
    "publishdate",
    "pubdate",
    "dtk:publishdate",
    "content_publisheddate",
)
_AUTHORS = ("author", "dtk:author", "content_author", "article:author")
_SPACES = str.maketrans("\r\t\0\u200b", "    ")

# It tells of every page without an article, which is told in its own way here.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Page:
    """An article; empty where the page does not say."""

    title: str
    text: str
    author: str
    published_at: Millis | None
    precision: Precision


def decoded(body: bytes, content_type: str) -> str:
    """`body` as text, in the encoding that the answer or, without one, its first kilobyte names; UTF-8 otherwise.

    It can be written as UTF-8, whatever the encoding, and has no NUL.
    """
    named = _charset(content_type) or _charset(body[:1024].decode("ascii", "replace")) or "utf-8"
    try:
        known = lookup(named).name not in _NO_ENCODINGS
        text = body.decode(named if known else "utf-8", "replace")
    except (LookupError, ValueError):
        text = body.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


def crowded(markup: str) -> bool:
    """Whether a page has more tags than anybody needs for an article or a list of them."""
    return markup.count("<") > MOST_TAGS


def read_page(markup: str, zone: ZoneInfo, date_selector: str | None = None) -> Page:
    """The article of a page: its text by trafilatura, the rest from what the page says for machines, then for people.

    `date_selector` names where the time stands for people; times that name no zone are in `zone`. Raises Poison (oversized)
    where the page is crowded.
    """
    if crowded(markup):
        raise Poison("oversized", f"a page of more than {MOST_TAGS} tags")
    tree = LexborHTMLParser(markup)
    meta = _meta(tree)
    data = next(iter(_articles(tree)), {})
    found = bare_extraction(markup, include_comments=False, include_tables=False, favor_precision=True)
    text = "" if found is None or isinstance(found, dict) else found.text or ""
    title = plain(
        str(data.get("headline") or meta.get("og:title") or _first(tree, "h1") or _first(tree, "title"))
    )
    author = next((meta[name] for name in _AUTHORS if meta.get(name)), "") or _named(data.get("author"))
    published_at, precision = _published(tree, meta, data, zone, date_selector)
    return Page(
        title[:_TITLE_CHARACTERS],
        _without(title, text)[:TEXT_CHARACTERS],
        "" if author.startswith(("http://", "https://")) else plain(author)[:_NAME_CHARACTERS],
        published_at,
        precision,
    )


def _without(title: str, text: str) -> str:
    """`text` without a first line that only repeats the title; one space between words, one line a paragraph."""
    lines = [" ".join(line.translate(_SPACES).split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    return "\n".join(lines[1:] if lines and lines[0].casefold() == title.casefold() else lines)


def _published(
    tree: LexborHTMLParser, meta: dict[str, str], data: dict[str, Any], zone: ZoneInfo, selector: str | None
) -> tuple[Millis | None, Precision]:
    said = [str(data.get("datePublished") or ""), *(meta.get(name, "") for name in _TIMES)]
    for one in said:
        found = stated(one, zone) if one else None
        if found is not None:
            return found
    shown = tree.css_first(selector) if selector else None
    found = None if shown is None else within(shown.text(), zone)
    if found is None and (marked := tree.css_first("time[datetime]")) is not None:
        found = stated(str(marked.attributes.get("datetime") or ""), zone)
    return found or (None, "unknown")


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """What the head says, by lower-case name; the first of each."""
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = (
            node.attributes.get("property") or node.attributes.get("name") or node.attributes.get("itemprop")
        )
        if name:
            found.setdefault(name.strip().lower(), (node.attributes.get("content") or "").strip())
    return found


def _articles(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """The articles, and the threads of forums, among the JSON-LD of the page (https://schema.org/NewsArticle)."""
    for node in tree.css('script[type="application/ld+json"]'):
        try:
            data = orjson.loads(node.text()[:_JSON_CHARACTERS])
        except orjson.JSONDecodeError:
            continue
        yield from _among(data, _DEPTH)


def _among(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if isinstance(data, list):
        for one in data:
            yield from _among(one, depth - 1) if depth else ()
    elif isinstance(data, dict):
        kinds = data.get("@type")
        if any(str(kind).endswith(_KINDS) for kind in (kinds if isinstance(kinds, list) else [kinds])):
            yield data
        elif depth:
            yield from _among(data.get("@graph"), depth - 1)


def _named(author: Any) -> str:
    if isinstance(author, list):
        author = author[0] if author else None
    if isinstance(author, dict):
        author = author.get("name")
    return author if isinstance(author, str) else ""


def _first(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return "" if node is None else node.text()


def _charset(said: str) -> str | None:
    _, named, rest = said.lower().partition("charset=")
    return (
        rest.lstrip("\"' ").split(";")[0].split('"')[0].split("'")[0].split(">")[0].strip() if named else None
    )
