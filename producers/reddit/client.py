"""Reddit's listings as Async PRAW asks for them, within limits, with every failure as a decision.

Each request has an event loop of its own in the reading thread; what lasts from one to the next is the login alone.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

import aiohttp
import asyncpraw
from asyncpraw.exceptions import AsyncPRAWException
from asyncprawcore import exceptions
from asyncprawcore.sessions import RetryStrategy

from producers.base import Lasting
from producers.fields import writable
from producers.settings import ProducerSettings
from producers.waits import retry_after_s
from producers.web.fetch import user_agent
from producers.web.limits import web_limits
from schemas.errors import Backpressure, Fatal, Retryable

PAGE = 100
"""Things in one answer, at most."""

_ID, _SECRET = "DENYUT_REDDIT_CLIENT_ID", "DENYUT_REDDIT_CLIENT_SECRET"
_LOGIN = f"Reddit does not accept {_ID} and {_SECRET}"
_SLICE_S = 0.1
_WINDOW_S = 600.0
"""Reddit's limits are of requests in ten minutes."""
_UNAUTHORIZED, _SERVER = 401, 500


@dataclass(frozen=True, slots=True)
class Page:
    """Things as Reddit sends them, newest first, and where the page after it begins."""

    things: list[Any]
    after: str | None


class _Once(RetryStrategy):
    """Nothing is asked for again at once: when to do so is for the runner to say."""

    def _sleep_seconds(self) -> float | None:
        return None

    def consume_available_retry(self) -> "_Once":
        return self

    def should_retry_on_failure(self) -> bool:
        return False


class RedditClient:
    """Reads listings with the login of an app (no user); used by one thread at a time."""

    def __init__(self, settings: ProducerSettings) -> None:
        secret = settings.reddit_client_secret.get_secret_value() if settings.reddit_client_secret else ""
        if not settings.reddit_client_id or not secret:
            missing = _SECRET if settings.reddit_client_id else _ID
            raise Fatal(f"{missing} is not set: an app of reddit.com/prefs/apps has both")
        self._limits = web_limits(settings)
        base = settings.reddit_url.rstrip("/")
        self._reddit = asyncpraw.Reddit(
            client_id=settings.reddit_client_id,
            client_secret=secret,
            user_agent=f"python:denyut ({user_agent(settings.contact)})",
            oauth_url=base or "https://oauth.reddit.com",
            reddit_url=base or "https://www.reddit.com",
            check_for_updates=False,
        )
        # Private parts of Async PRAW (read in 8.0.3; a test names it): by itself it asks three times, also with a login that
        # is refused, and nothing else tells when a window of requests ends.
        core = self._reddit._core  # noqa: SLF001 -- said above
        core._retry_strategy_class = _Once  # noqa: SLF001 -- said above
        self._window = core.rate_limiter

    @property
    def quota_left(self) -> int | None:
        """Requests left in the ten minutes, as the last answer said."""
        left: int | None = self._window.remaining
        return left

    def listing(self, path: str, params: Mapping[str, str], stop: Event) -> Page:
        """One page of a listing. Raises Backpressure, Lasting or Retryable."""
        left_s = ((self._window.next_request_timestamp_ns or 0) - time.monotonic_ns()) / 1e9
        if self.quota_left == 0 and left_s > 0:
            raise Backpressure("the requests of this window are used up", retry_after=max(1.0, left_s))
        answer = asyncio.run(self._ask(path, {"limit": str(PAGE), **params}, stop))
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(data, dict) or not isinstance(data.get("children"), list):
            raise Retryable("an answer that cannot be read: it is no listing")
        after = data.get("after")
        return Page(data["children"], after if isinstance(after, str) else None)

    async def _ask(self, path: str, params: dict[str, str], stop: Event) -> Any:
        """The answer, unless it takes too long or `stop` is set."""
        deadline = time.monotonic() + self._limits.total_s
        asking = asyncio.ensure_future(self._decided(path, params))
        try:
            while not (await asyncio.wait({asking}, timeout=_SLICE_S))[0]:
                if stop.is_set():
                    raise Retryable("told to stop while reading")
                if time.monotonic() >= deadline:
                    raise Retryable("too slow: the answer was not over in time")
            return asking.result()
        finally:
            asking.cancel()
            await asyncio.wait({asking})
            await self._reddit.requestor.close()

    async def _decided(self, path: str, params: dict[str, str]) -> Any:
        try:
            return writable(await self._reddit.request(method="GET", path=path, params=params))
        except exceptions.OAuthException as error:
            raise Lasting(f"{error}: {_LOGIN}", denied=True) from error
        except exceptions.RequestException as error:
            raise _broken(error.original_exception) from error
        except exceptions.ResponseException as error:
            raise _refused(error) from error
        except (
            AsyncPRAWException,
            aiohttp.ClientError,
            LookupError,
            ValueError,
            TypeError,
            AttributeError,
        ) as error:
            raise _broken(error) from error


def _broken(error: Exception) -> Retryable:
    if isinstance(error, KeyError) and error.args[0] == _UNAUTHORIZED:
        # How Async PRAW tells of a 401 without the header that says why.
        return Lasting(f"HTTP 401: {_LOGIN}", denied=True)
    if isinstance(error.__context__, exceptions.BadRequest):
        # Async PRAW reads the body of a 400 when its connection is closed already.
        return Lasting("HTTP 400")
    return Retryable(f"{type(error).__name__}: {error}")


def _refused(error: exceptions.ResponseException) -> Retryable:
    match error:
        case exceptions.TooManyRequests():
            after_s = retry_after_s(error.retry_after, datetime.now(UTC))
            return Backpressure("HTTP 429", retry_after=after_s or _WINDOW_S)
        case exceptions.BadJSON():
            return Retryable("an answer that cannot be read: no JSON")
        case exceptions.Redirect():
            return Lasting(f"is sent on to {error.path}: there is no such subreddit")
        case exceptions.Forbidden():
            told = "private, quarantined or closed to this app; DENYUT_REDDIT_SUBREDDITS names it"
            return Lasting(f"HTTP 403: {told}", denied=True)
    status = error.response.status
    if status == _UNAUTHORIZED:
        return Lasting(f"HTTP 401: {_LOGIN}", denied=True)
    return Retryable(f"HTTP {status}") if status >= _SERVER else Lasting(f"HTTP {status}")
