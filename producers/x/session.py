"""How the requests that tweepy makes go out: to where they should, within the web's limits of time and size.

tweepy builds `https://api.twitter.com` into its requests and gives them no time limit (`client.py`, read in 4.17.0). The
session it makes is public, and an adapter mounted there is requests' own way to have them sent by somebody else.
"""

import time
from io import BytesIO
from threading import Event
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import requests
from requests.adapters import BaseAdapter

from producers.settings import ProducerSettings
from producers.web.body import read_body
from producers.web.limits import web_limits
from producers.web.overdue import in_time
from schemas.errors import Retryable

HOST = "https://api.twitter.com"


class NotConnected(Retryable):
    """Nobody took the request."""


class Sender(BaseAdapter):
    """Sends what is meant for X to `base` where one is given; `stop` ends the waiting for an answer."""

    def __init__(self, settings: ProducerSettings, base: str) -> None:
        super().__init__()
        self._base = base.rstrip("/") or HOST
        self._limits = web_limits(settings)
        self._timeout = httpx.Timeout(self._limits.read_s, connect=self._limits.connect_s)
        # A connection that was left open may be closed by the time it is used: it would not be told whether X was asked.
        once = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(trust_env=False, proxy=settings.web_proxy or None, limits=once)
        self.stop = Event()

    def send(self, request: Any, **_: Any) -> requests.Response:  # type: ignore[override]  # its options are for sockets
        """The answer, whatever its status; raises Retryable where there is none."""
        parts = urlsplit(request.url)
        url = f"{self._base}{parts.path}{'?' if parts.query else ''}{parts.query}"
        headers = {**request.headers, "accept-encoding": "gzip"}
        deadline = time.monotonic() + self._limits.total_s
        try:
            with (
                in_time(deadline, self.stop) as trace,
                self._client.stream(
                    request.method,
                    url,
                    headers=headers,
                    content=request.body,
                    timeout=self._timeout,
                    extensions={"trace": trace},
                ) as response,
            ):
                body = read_body(response, self._limits, deadline, self.stop)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotConnected(f"{type(error).__name__}: {error}") from error
        except httpx.HTTPError as error:
            raise Retryable(f"{type(error).__name__}: {error}") from error
        answer = requests.Response()
        answer.status_code = response.status_code
        answer.reason = response.reason_phrase
        answer.headers.update(
            {name: value for name, value in response.headers.items() if name != "content-encoding"}
        )
        answer.url, answer.request = request.url, request
        answer.raw, answer.encoding = BytesIO(body if answer.ok else _readable(body)), "utf-8"
        return answer

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()


def _readable(body: bytes) -> bytes:
    """The body of a refusal as tweepy can take it: its errors break on JSON that is no object."""
    try:
        return body if isinstance(orjson.loads(body), dict) else b"{}"
    except orjson.JSONDecodeError:
        return b"{}"
