"""YouTube's Data API v3, each request paid from the day's quota, with every failure as a decision."""

from collections.abc import Iterator, Mapping, Sequence
from threading import Event
from typing import Any
from urllib.parse import urlencode

import orjson

from producers.base import Lasting
from producers.fields import part
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from producers.web.refusals import Status
from producers.youtube.quota import LIST, SEARCH, Quota
from schemas.errors import Backpressure, Fatal, Retryable

PAGE = 50
"""Things in one answer, at most; of comments it is twice as many."""

_HOST = "https://www.googleapis.com"
_KEY = "DENYUT_YOUTUBE_KEY"
_QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_RATE_S = 60.0
_BAD_REQUEST, _DENIED = 400, frozenset({401, 403})


class CommentsOff(Lasting):
    """Nobody may comment there."""


class YouTube:
    """The API as this project uses it; used by one thread at a time."""

    def __init__(self, settings: ProducerSettings) -> None:
        key = settings.youtube_key.get_secret_value() if settings.youtube_key else ""
        if not key:
            raise Fatal(f"{_KEY} is not set: a key of a Google Cloud project with the YouTube Data API v3")
        self._base = f"{settings.youtube_url.rstrip('/') or _HOST}/youtube/v3/"
        self._reason = ""
        self._fetcher = Fetcher(
            settings,
            web_limits(settings),
            "application/json",
            secrets={"x-goog-api-key": key},
            explain=self._explain,
        )

    def uploads(self, channel: str, quota: Quota, stop: Event) -> Iterator[list[Any]]:
        """The pages of a channel's list of uploads, newest first. Raises Backpressure, Lasting or Retryable."""
        # The list of uploads has the channel's id with another beginning; asking for it would cost a request each time.
        where = {"part": "contentDetails", "playlistId": f"UU{channel[2:]}", "maxResults": str(PAGE)}
        return self._pages("playlistItems", where, quota, stop)

    def comments(self, channel: str, quota: Quota, stop: Event) -> Iterator[list[Any]]:
        """The pages of what was commented on all of a channel's videos, newest first; answers to comments are not in it.

        Raises as `uploads`, and CommentsOff.
        """
        where = {
            "part": "snippet",
            "allThreadsRelatedToChannelId": channel,
            "order": "time",
            "textFormat": "plainText",
            "maxResults": str(2 * PAGE),
        }
        return self._pages("commentThreads", where, quota, stop)

    def search(self, query: str, published_after: str, quota: Quota, stop: Event) -> list[Any]:
        """The newest videos that a query finds: one page, for a hundred times the price of any other."""
        where = {
            "part": "snippet",
            "q": query,
            "type": "video",
            "order": "date",
            "publishedAfter": published_after,
            "maxResults": str(PAGE),
        }
        return _items(self._ask("search", where, quota, SEARCH, stop))

    def videos(self, ids: Sequence[str], parts: str, quota: Quota, stop: Event) -> list[Any]:
        """The videos of these ids, as far as they are there."""
        found = []
        for start in range(0, len(ids), PAGE):
            where = {"part": parts, "id": ",".join(ids[start : start + PAGE])}
            found += _items(self._ask("videos", where, quota, LIST, stop))
        return found

    def _pages(self, method: str, where: Mapping[str, str], quota: Quota, stop: Event) -> Iterator[list[Any]]:
        token: object = None
        while True:
            paged = where if token is None else {**where, "pageToken": str(token)}
            answer = self._ask(method, paged, quota, LIST, stop)
            yield _items(answer)
            token = answer.get("nextPageToken")
            if token is None:
                return

    def _ask(
        self, method: str, where: Mapping[str, str], quota: Quota, units: int, stop: Event
    ) -> Mapping[str, Any]:
        quota.charge(units)
        self._reason = ""
        try:
            answer = self._fetcher.get(f"{self._base}{method}?{urlencode(where)}", None, None, stop)
        except Status as error:
            raise self._decided(error, quota) from error
        try:
            found = orjson.loads(answer.body if answer else b"")
        except orjson.JSONDecodeError as error:
            raise Retryable(f"an answer that cannot be read: {error}") from error
        if not isinstance(found, dict):
            raise Retryable("an answer that cannot be read: it is no object")
        return found

    def _decided(self, error: Status, quota: Quota) -> Retryable:
        told = str(error)
        if self._reason in _QUOTA:
            return quota.exhausted(told)
        if self._reason in _RATE:
            return Backpressure(told, retry_after=_RATE_S)
        if self._reason == "commentsDisabled":
            return CommentsOff(told)
        if error.status in _DENIED or (error.status == _BAD_REQUEST and "API key" in told):
            return Lasting(f"{told}: YouTube does not accept {_KEY} for this", denied=True)
        return error

    def _explain(self, body: bytes) -> str:
        """The first reason that an error gives, and its message."""
        try:
            error = part(orjson.loads(body), "error")
        except (orjson.JSONDecodeError, AttributeError):
            return ""
        errors = error.get("errors")
        first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
        self._reason = str(first.get("reason") or error.get("status") or "")
        return f"{self._reason}: {str(error.get('message') or '')[:200]}"


def _items(answer: Mapping[str, Any]) -> list[Any]:
    found = answer.get("items")
    if not isinstance(found, list):
        raise Retryable("an answer that cannot be read: it has no items")
    return found
