"""One connection to X's filtered stream: tweepy reads it in a thread, what it brings waits in a queue.

tweepy by itself connects again and again, asleep in between (`streaming.py`, read in 4.17.0). Each of its hooks disconnects
here: when to come back is for the runner to say.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, Full, Queue
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy
from requests.adapters import HTTPAdapter

from producers.base import Lasting
from producers.x.fields import TWEET, USER
from producers.x.limits import full_s
from producers.x.session import HOST
from schemas.errors import Backpressure, Retryable

_WAITING = 1_000
"""Lines that wait at most; X lets go of who is slower."""
_SLICE_S = 0.5
_DENIED, _TOO_MANY, _SERVER = frozenset({401, 403}), 429, 500


class Stream(tweepy.StreamingClient):  # type: ignore[misc]  # tweepy has no types
    """`take` what has come, until `problem` is set; `disconnect` ends it."""

    def __init__(self, token: str, base: str, refused: Callable[[int, Mapping[str, str]], Retryable]) -> None:
        """`refused` decides what a status other than 200 means, with its answer's headers."""
        super().__init__(token, return_type=dict, daemon=True, max_retries=0)
        self._adapter = _Elsewhere(base)
        self.session.mount(HOST, self._adapter)
        self.session.max_redirects = 0
        self.problem: Retryable | None = None
        self._lines: Queue[bytes] = Queue(_WAITING)
        self._refused = refused

    def connect(self) -> None:
        """Begin to read, in a thread."""
        self.running = False
        self.filter(threaded=True, expansions=["author_id"], tweet_fields=TWEET, user_fields=USER)

    def take(self, patience_s: float) -> list[bytes]:
        """All lines that have come, after waiting `patience_s` for the first."""
        lines: list[bytes] = []
        try:
            lines.append(self._lines.get(timeout=patience_s))
            while True:
                lines.append(self._lines.get_nowait())
        except Empty:
            return [line for line in lines if line]

    def on_data(self, raw_data: bytes) -> None:
        """Keep a line; wait while nobody takes what is there."""
        while self.running:
            try:
                self._lines.put(raw_data, timeout=_SLICE_S)
            except Full:
                continue
            return

    def on_request_error(self, status_code: int) -> None:
        """The stream was refused."""
        self._end(self._refused(status_code, self._adapter.headers))

    def on_connection_error(self) -> None:
        """Nobody answered, or not even a sign of life came in time."""
        self._end(Retryable("the stream broke off"))

    def on_closed(self, response: requests.Response) -> None:  # noqa: ARG002 -- of the base
        """X has ended the stream."""
        self._end(Retryable("X has closed the stream"))

    def on_exception(self, exception: Exception) -> None:
        """Anything else."""
        self._end(Retryable(f"the stream broke: {type(exception).__name__}: {exception}"))

    def _end(self, problem: Retryable) -> None:
        self.problem = self.problem or problem
        self.disconnect()
        # Wakes who waits for a line; where lines wait nobody needs waking.
        with suppress(Full):
            self._lines.put_nowait(b"")


def refused(status: int, headers: Mapping[str, str], setting: str) -> Retryable:
    """What it means that the stream answers with `status` and `headers`; `setting` is the token's."""
    if status in _DENIED:
        return Lasting(f"HTTP {status}: X does not accept {setting} for its filtered stream", denied=True)
    if status == _TOO_MANY:
        told = "HTTP 429: connected too often, or elsewhere already"
        return Backpressure(told, retry_after=full_s(headers, datetime.now(UTC)))
    return Retryable(f"HTTP {status}") if status >= _SERVER else Lasting(f"HTTP {status}")


class _Elsewhere(HTTPAdapter):
    """Sends what is meant for X to `base`, where one is given, and keeps the headers of the latest answer: tweepy hands on its status alone."""

    def __init__(self, base: str) -> None:
        super().__init__(max_retries=0)
        self._base = base.rstrip("/")
        self.headers: Mapping[str, str] = {}

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """As of any adapter."""
        if self._base:
            parts = urlsplit(str(request.url))
            request.url = f"{self._base}{parts.path}?{parts.query}"
        answer = super().send(request, *arguments, **options)
        self.headers = answer.headers
        return answer
