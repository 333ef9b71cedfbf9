"""The HTTP session that yfinance works with: it waits its turn, keeps to its time, and turns refusals into decisions.

yfinance by itself answers every status of 400 and above, 429 too, with another request at once, and keeps such answers in
a cache. An exception from here ends the call instead. Read in yfinance 1.7.0 (`data.py`); a session of one's own is its
documented way, and this one is tested against a server that answers so.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from curl_cffi import requests

from producers.base import Lasting
from producers.hosts import Hosts
from producers.settings import ProducerSettings
from producers.waits import retry_after_s
from schemas.errors import Backpressure, Retryable

_FULL_S = 60.0
_DATA = ("/v7/", "/v8/", "/v10/")
"""Where the data are. Elsewhere are cookies: their host answers 404 and sets one, which is as it should be."""

_DENIED = frozenset({401, 403})
_NOT_FOUND, _TOO_MANY, _SERVER = 404, 429, 500
_PATIENCE_S = 60.0


class YahooSession(requests.Session[requests.Response]):
    """Looks like a browser, as yfinance wants it. Used by several threads."""

    def __init__(self, settings: ProducerSettings) -> None:
        super().__init__(impersonate="chrome")
        self._base = urlsplit(settings.yahoo_url.rstrip("/")) if settings.yahoo_url else None
        self._timeout_s = settings.yahoo_timeout_s
        self._hosts = Hosts(settings.yahoo_gap_s)
        self._closed_until = 0.0
        self._call = threading.local()
        self.asked = 0
        """Requests that were sent."""

    @contextmanager
    def stopped_by(self, stop: Event) -> Iterator[None]:
        """Requests of this thread are not begun any more once `stop` is set, nor ones that were denied meanwhile."""
        self._call.stop = stop
        self._call.denied = {}
        try:
            yield
        finally:
            del self._call.stop
            del self._call.denied

    def request(self, method: Any, url: str, **options: Any) -> Any:  # type: ignore[override]  # its forty options pass through
        """As of any session; raises Backpressure (429), Lasting (404) and Retryable (500 and above) for data."""
        stop: Event = getattr(self._call, "stop", None) or Event()
        target = url if self._base is None else _moved(url, self._base)
        denied: dict[str, int] = getattr(self._call, "denied", {})
        asked = f"{url} {sorted((options.get('params') or {}).items())}"
        if asked in denied:
            # yfinance logs in anew and asks again; without another crumb that is the same question.
            raise Lasting(f"HTTP {denied[asked]} at {urlsplit(url).path}", denied=True)
        given_s = options.get("timeout")
        options["timeout"] = (
            min(given_s, self._timeout_s) if isinstance(given_s, int | float) else self._timeout_s
        )
        # One turn for all hosts: they are one house, with one limit.
        with self._hosts.turn("yahoo", stop, _PATIENCE_S):
            left_s = self._closed_until - time.monotonic()
            if left_s > 0:
                raise Backpressure("Yahoo has asked for patience", retry_after=left_s)
            self.asked += 1
            response = super().request(method, target, **options)
        self._judge(response, urlsplit(url).path)
        if response.status_code in _DENIED:
            denied[asked] = response.status_code
        return response

    def _judge(self, response: requests.Response, path: str) -> None:
        status = response.status_code
        if status == _TOO_MANY:
            given = response.headers.get("retry-after")
            after_s = max(retry_after_s(given, datetime.now(UTC)) or _FULL_S, 1.0)
            self._closed_until = time.monotonic() + after_s
            raise Backpressure(f"HTTP 429 at {path}", retry_after=after_s)
        if not path.startswith(_DATA):
            return
        if status == _NOT_FOUND:
            raise Lasting(f"HTTP 404 at {path}")
        if status >= _SERVER:
            raise Retryable(f"HTTP {status} at {path}")


def _moved(url: str, base: SplitResult) -> str:
    parts = urlsplit(url)
    return urlunsplit((base.scheme, base.netloc, base.path + parts.path, parts.query, ""))
