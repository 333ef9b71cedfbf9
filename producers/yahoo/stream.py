"""One connection to Yahoo's stream of prices: subscribes, keeps it alive, and says how it ended.

yfinance's own client spins when the server closes cleanly, and never connects again after an abort (`live.py`, read in
1.7.0). This one connects again never by itself: when to come back is for the runner to say.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack

import orjson
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)
from websockets.sync.client import ClientConnection, connect

from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.web.fetch import user_agent
from producers.web.refusals import refused
from schemas.errors import Retryable

_SUBSCRIBE_S = 15.0
"""Seconds between subscriptions, as yfinance has them: Yahoo forgets who does not renew."""
_CLOSE_S = 1.0
_MESSAGE_BYTES = 65_536
_TAKEN = 500
"""Messages taken at once at most."""


class Stream:
    """Open from the beginning until `close`; used by one thread at a time.

    Messages that nobody takes wait with the server: little is held here. A server that answers no ping within
    `yahoo_timeout_s` has gone.
    """

    def __init__(
        self, settings: ProducerSettings, symbols: Sequence[str], patience_s: float | None = None
    ) -> None:
        """Connect, within `patience_s` where that is given, and subscribe; raises Backpressure, Lasting or Retryable where that does not work."""
        self._subscription = orjson.dumps({"subscribe": list(symbols)}).decode()
        self._open = ExitStack()
        self._connection = _connected(settings, self._open, patience_s or settings.yahoo_timeout_s)
        self._subscribe()
        self.heard_at = time.monotonic()
        """When the last message came, of time.monotonic()."""

    def take(self, patience_s: float) -> list[str | bytes]:
        """What has come, after waiting `patience_s` for the first; raises Retryable where the connection has ended."""
        if time.monotonic() - self._subscribed_at >= _SUBSCRIBE_S:
            self._subscribe()
        found: list[str | bytes] = []
        try:
            while len(found) < _TAKEN:
                found.append(self._connection.recv(0.0 if found else patience_s))
        except TimeoutError:
            pass
        except ConnectionClosed as error:
            # What came before the end counts; the end is told the next time.
            if not found:
                raise Retryable(f"the stream has ended: {error}") from error
        if found:
            self.heard_at = time.monotonic()
        return found

    def close(self) -> None:
        """End it; a server that says nothing more is not waited for."""
        self._open.close()

    def _subscribe(self) -> None:
        try:
            self._connection.send(self._subscription)
        except ConnectionClosed as error:
            raise Retryable(f"the stream has ended: {error}") from error
        self._subscribed_at = time.monotonic()


def _connected(settings: ProducerSettings, stack: ExitStack, patience_s: float) -> ClientConnection:
    """A connection that is open as long as `stack` is."""
    try:
        opening = connect(
            settings.yahoo_live_url,
            user_agent_header=user_agent(settings.contact),
            proxy=settings.web_proxy or None,
            open_timeout=patience_s,
            ping_interval=settings.yahoo_timeout_s,
            ping_timeout=settings.yahoo_timeout_s,
            close_timeout=_CLOSE_S,
            max_size=_MESSAGE_BYTES,
        )
        return stack.enter_context(opening)
    except InvalidStatus as error:
        response = error.response
        told = f"HTTP {response.status_code}: the stream is refused"
        raise refused(response.status_code, told, response.headers, with_credentials=False) from error
    except InvalidURI as error:
        raise Lasting(f"DENYUT_YAHOO_LIVE_URL: {error}") from error
    except (InvalidHandshake, WebSocketException, OSError, EOFError) as error:
        raise Retryable(f"no stream: {type(error).__name__}: {error}") from error
