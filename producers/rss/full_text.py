"""The article behind an entry, in place of its summary."""

from threading import Event
from zoneinfo import ZoneInfo

from producers.base import Lasting
from producers.rss.feeds import Feed
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from producers.web.page import decoded, read_page
from producers.web.permits import Permits
from producers.web.text import joined
from schemas.errors import Poison, Retryable
from schemas.events import Post

_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


class FullText:
    """Reads articles, where their site allows it; used by several threads."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._fetcher = Fetcher(settings, web_limits(settings), _ACCEPT)
        self._permits = Permits(self._fetcher)

    def of(self, post: Post, feed: Feed, stop: Event) -> Post:
        """`post` with the text of its page instead of what the feed says of it.

        Raises Backpressure, Lasting or Retryable where the page cannot be read, or has no more to say than the feed.
        """
        url = post["url"]
        if url is None:
            raise Retryable("the entry has no address")
        gap_s = self._permits.gap_s(url, stop, found_at=feed.url)
        answer = self._fetcher.get(url, None, None, stop, gap_s=gap_s, found_at=feed.url)
        if answer is None:
            raise Retryable("unchanged, though nobody asked whether it changed")
        try:
            page = read_page(decoded(answer.body, answer.content_type), ZoneInfo(feed.zone))
        except Poison as error:
            raise Lasting(str(error)) from error
        text = joined(post["title"] or "", page.text)
        if len(text) <= len(post["text"]):
            raise Retryable("its page says no more than the feed")
        return {**post, "text": text}
