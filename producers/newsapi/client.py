"""The one call of NewsAPI that is used: `/v2/everything` (https://newsapi.org/docs/endpoints/everything)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson

from producers.newsapi.place import Window
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from producers.web.refusals import Status
from schemas.boolean import Dialect
from schemas.errors import Fatal, Retryable
from schemas.events import Millis

DIALECT = Dialect(" AND ", " OR ", "NOT ")
MOST_CHARACTERS = 500
"""Of a query."""
LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "he", "it", "nl", "no", "pt", "ru", "sv", "ud", "zh"})
"""What it can be asked for by language; Indonesian is not among them."""

_KEY = "DENYUT_NEWSAPI_KEY"
_BEYOND_THE_PLAN = 426
_SAID_CHARACTERS = 200


class Page(NamedTuple):
    """One page of results, newest first; `total` counts all of them. `articles` is None where the plan ends before it."""

    total: int
    articles: Sequence[Any] | None


class NewsApiClient:
    """NewsAPI for one key."""

    def __init__(self, settings: ProducerSettings) -> None:
        """Raises Fatal where there is no key."""
        if settings.newsapi_key is None or not settings.newsapi_key.get_secret_value():
            raise Fatal(f"newsapi needs a key of newsapi.org: {_KEY}")
        self._url = settings.newsapi_url.rstrip("/")
        self._page_size = settings.newsapi_page_size
        self._fetcher = Fetcher(
            settings,
            web_limits(settings),
            "application/json",
            secrets={"x-api-key": settings.newsapi_key.get_secret_value()},
            explain=_said,
        )

    def everything(self, query: str, language: str | None, window: Window, page: int, stop: Event) -> Page:
        """Page `page` (from 1) of what was published within `window`.

        Raises Backpressure, Lasting or Retryable, the last also for an answer that is not what was promised.
        """
        asked = {
            "q": query,
            "from": _spelled(window.since),
            **({} if window.until is None else {"to": _spelled(window.until)}),
            "sortBy": "publishedAt",
            "pageSize": str(self._page_size),
            "page": str(page),
            **({"language": language} if language else {}),
        }
        try:
            answer = self._fetcher.get(f"{self._url}/v2/everything?{urlencode(asked)}", None, None, stop)
        except Status as error:
            if error.status == _BEYOND_THE_PLAN:
                return Page(0, None)
            if error.denied:
                told = f"{error}: NewsAPI does not accept {_KEY}"
                raise Status(told, error.status, denied=True) from error
            raise
        return _page(b"" if answer is None else answer.body)

    def reach(self, patience_s: float) -> None:
        """Ask once for a single article; raises Backpressure, Lasting or Retryable where that does not work."""
        asked = urlencode({"q": "Indonesia", "pageSize": "1"})
        self._fetcher.get(f"{self._url}/v2/everything?{asked}", None, None, Event(), patience_s)


def _spelled(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _page(body: bytes) -> Page:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Retryable(f"NewsAPI answers {len(body)} bytes that are not JSON: {error}") from error
    if not isinstance(found, Mapping) or found.get("status") != "ok":
        raise Retryable(f"NewsAPI answers without status ok: {_said(body)}")
    total, articles = found.get("totalResults"), found.get("articles")
    if not isinstance(total, int) or not isinstance(articles, list):
        raise Retryable(
            f"NewsAPI answers without totalResults or articles, with {sorted(map(str, found))[:20]}"
        )
    return Page(total, articles)


def _said(body: bytes) -> str:
    """Code and message of an error, as far as they can be read."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    if not isinstance(found, Mapping):
        return ""
    return " ".join(str(found.get(name) or "") for name in ("code", "message")).strip()[:_SAID_CHARACTERS]
