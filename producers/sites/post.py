"""A page of an outlet as a Post."""

from zoneinfo import ZoneInfo

import orjson

from producers.clock import event_at
from producers.sites.outlets import Site
from producers.web.identity import canonical, hashed
from producers.web.page import decoded, read_page
from producers.web.text import joined
from schemas.errors import Poison
from schemas.events import Millis, Post


def as_post(
    body: bytes, content_type: str, url: str, site: Site, collector: str, collected_at: Millis
) -> Post:
    """The post on the page at `url`, with the id that any collector gives to that address.

    Raises Poison (malformed) where the page has no title or no text: it may be a video, behind a wall, or laid out anew.
    """
    page = read_page(decoded(body, content_type), ZoneInfo(site.zone), site.date)
    if not page.title or not page.text:
        raise Poison("malformed", f"a page of {len(body)} bytes without {'text' if page.title else 'title'}")
    raw = {"url": url, "title": page.title, "author": page.author, "published_at": page.published_at}
    return Post(
        id=f"news:{hashed(canonical(url))}",
        platform="news",
        source=site.name,
        kind="article",
        url=url,
        title=page.title,
        text=joined(page.title, page.text),
        lang=site.language,
        author_id=None,
        author_name=page.author or None,
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
        published_at=page.published_at,
        published_precision=page.precision,
        event_at=event_at(page.published_at, collected_at),
        collected_at=collected_at,
        collector=collector,
        raw=orjson.dumps(raw).decode(),
    )
