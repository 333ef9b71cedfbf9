"""Fetches a feed: only what changed, within limits, politely; every kind of failure becomes a decision."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from threading import Event

import httpx

from producers.base import Lasting
from producers.hosts import Hosts
from producers.rss.addresses import inside
from producers.rss.body import read_body
from producers.settings import ProducerSettings
from producers.waits import retry_after_s
from schemas.errors import Backpressure, Retryable

GAP_S = 1.0
"""Seconds between two requests to one host."""

_REDIRECTS = 5
_RETRY_AFTER_S = 60.0
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_QUOTA_DIGITS = 18
"""More do not fit the field of a run."""
_MOVED = frozenset({301, 302, 303, 307, 308})
_OK, _NOT_MODIFIED, _UNAUTHORIZED, _FORBIDDEN, _TIMEOUT = 200, 304, 401, 403, 408
_TOO_EARLY, _TOO_MANY, _SERVER, _UNAVAILABLE = 425, 429, 500, 503


@dataclass(frozen=True, slots=True)
class Answer:
    """A feed as it was sent; `etag` and `modified` make the next request conditional."""

    url: str
    body: bytes
    content_type: str
    etag: str | None
    modified: str | None
    quota_left: int | None


class Fetcher:
    """Asks for feeds; used by several threads, each host gets one request at a time."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._hosts = Hosts(GAP_S)
        self._client = httpx.Client(
            headers={
                "user-agent": user_agent(settings.contact),
                "accept": _ACCEPT,
                "accept-encoding": "gzip",
            },
            follow_redirects=False,
        )

    def get(
        self, url: str, etag: str | None, modified: str | None, stop: Event, total_s: float | None = None
    ) -> Answer | None:
        """The feed at `url`; None where it is as it was when `etag` and `modified` were given.

        Raises Backpressure, Lasting or Retryable.
        """
        conditions = {
            name: value
            for name, value in (("if-none-match", etag), ("if-modified-since", modified))
            if value and value.isascii()
        }
        total_s = self._settings.rss_total_s if total_s is None else total_s
        target = httpx.URL(url)
        for _ in range(_REDIRECTS + 1):
            if target.scheme not in ("http", "https") or not target.host:
                raise Lasting(f"is sent on to {str(target)[:200]!r}, which is no web address")
            with self._hosts.turn(target.netloc.decode(), stop, total_s):
                found = self._ask(target, conditions, stop, total_s)
            if not isinstance(found, httpx.URL):
                return found
            if inside(found.host) and not inside(httpx.URL(url).host):
                raise Lasting(f"is sent on to {found.host!r}, which is inside our own network")
            target = found
        raise Lasting(f"is sent on more than {_REDIRECTS} times")

    def _ask(
        self, target: httpx.URL, conditions: dict[str, str], stop: Event, total_s: float
    ) -> Answer | httpx.URL | None:
        """One request: the answer, where it is sent on to, or None where nothing changed."""
        limits = self._settings
        read_s = min(limits.rss_read_s, total_s)
        timeout = httpx.Timeout(read_s, connect=min(limits.rss_connect_s, total_s))
        deadline = time.monotonic() + total_s
        try:
            with self._client.stream("GET", target, headers=conditions, timeout=timeout) as response:
                if response.status_code in _MOVED and "location" in response.headers:
                    return target.join(response.headers["location"])
                if response.status_code == _NOT_MODIFIED:
                    return None
                if response.status_code != _OK:
                    raise _refused(response, bool(target.userinfo))
                body = read_body(response, limits.rss_max_bytes, deadline, stop)
        except httpx.TimeoutException as error:
            raise Retryable(f"no answer in time ({type(error).__name__})") from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise Lasting(f"no web address: {error}") from error
        except httpx.HTTPError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error
        headers = response.headers
        return Answer(
            str(target.copy_with(username=None, password=None)),
            body,
            headers.get("content-type", ""),
            headers.get("etag"),
            headers.get("last-modified"),
            _quota(headers),
        )


def user_agent(contact: str) -> str:
    """Who asks: the project, its version, and who runs it."""
    try:
        number = version("denyut")
    except PackageNotFoundError:
        number = "0"
    return f"Denyut/{number} (news feed reader{f'; {contact}' if contact else ''})"


def _refused(response: httpx.Response, with_credentials: bool) -> Retryable:
    status = response.status_code
    told = f"HTTP {status} {response.reason_phrase}".rstrip()
    after_s = retry_after_s(response.headers.get("retry-after"), datetime.now(UTC))
    if status == _TOO_MANY or (status == _UNAVAILABLE and after_s is not None):
        return Backpressure(told, retry_after=after_s or _RETRY_AFTER_S)
    if status == _UNAUTHORIZED or (status == _FORBIDDEN and with_credentials):
        return Lasting(told, denied=True)
    if status >= _SERVER or status in (_TIMEOUT, _TOO_EARLY) or status < 400:  # noqa: PLR2004 -- where errors begin
        return Retryable(told)
    return Lasting(told)


def _quota(headers: httpx.Headers) -> int | None:
    for name in ("ratelimit-remaining", "x-ratelimit-remaining"):
        given = headers.get(name, "").strip()
        if given.isascii() and given.isdigit() and len(given) <= _QUOTA_DIGITS:
            return int(given)
    return None
