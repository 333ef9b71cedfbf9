"""A thread of Kaskus as a Post: how it begins, not what is answered."""

import re

from producers.sites.outlets import Site
from producers.sites.post import as_post as page_post
from schemas.errors import Poison
from schemas.events import Millis, Post

_THREAD = re.compile(r"/thread/([0-9a-f]{24})(?:[/?#]|\Z)")


def as_post(
    body: bytes, content_type: str, url: str, forum: Site, collector: str, collected_at: Millis
) -> Post:
    """The post of the thread at `url`; raises Poison (malformed) where the page has none, or the address no thread."""
    named = _THREAD.search(url)
    if named is None:
        raise Poison("malformed", "an address without the id of a thread")
    post = page_post(body, content_type, url, forum, collector, collected_at)
    post["id"], post["platform"], post["kind"] = f"kaskus:{named[1]}", "kaskus", "post"
    return post
