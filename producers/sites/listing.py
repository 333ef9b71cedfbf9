"""The links of a list page that lead to articles."""

import re
from collections.abc import Sequence
from urllib.parse import urldefrag, urljoin

from selectolax.lexbor import LexborHTMLParser

from producers.base import Lasting
from producers.sites.outlets import Site
from producers.web.fetch import Answer
from producers.web.identity import canonical
from producers.web.page import MOST_TAGS, crowded, decoded
from schemas.errors import Retryable

_LONGEST = 1_000


def links(markup: str, url: str, site: Site) -> Sequence[str]:
    """The addresses of the articles that the page at `url` lists, in its order, each once."""
    article = re.compile(site.article)
    found: dict[str, str] = {}
    for node in LexborHTMLParser(markup).css(site.link):
        href = (node.attributes.get("href") or "").strip()
        if not href or len(href) > _LONGEST:
            continue
        try:
            address = urldefrag(urljoin(url, href)).url
        except ValueError:
            continue
        # Without what only follows readers, which no pattern should have to know.
        if article.fullmatch(canonical(address)) or article.fullmatch(address):
            found.setdefault(canonical(address), address)
    return list(found.values())


def listed(answer: Answer, site: Site) -> Sequence[str]:
    """The same of an answer; raises Lasting where it has more tags than anybody takes apart."""
    markup = decoded(answer.body, answer.content_type)
    if crowded(markup):
        raise Lasting(f"a list of more than {MOST_TAGS} tags")
    return links(markup, answer.url, site)


def ended(answer: Answer, number: int) -> str:
    """What a run says where page `number` lists no article, and nothing before it was known.

    Raises Retryable where it is no page of a list at all: taken for the end, what is listed behind it would never be read.
    """
    if "<a" not in decoded(answer.body, answer.content_type).lower():
        raise Retryable(f"page {number} of the list: {len(answer.body)} bytes without a link")
    return (
        f"page {number} lists no article, and no page before it one that is known: what is older was missed"
    )
