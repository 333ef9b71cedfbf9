"""The calls of yfinance that are used, each with timeouts and with its errors as decisions.

`YfData` is no documented part of yfinance (read in 1.7.0): it is what keeps cookie and crumb, and the only way to ask for
many quotes in one request. A test names the version this was read in.
"""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from threading import Event
from typing import Any, NamedTuple

import yfinance
from curl_cffi.requests import exceptions
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFPricesMissingError, YFRateLimitError, YFTzMissingError

from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.yahoo.session import YahooSession
from schemas.errors import Backpressure, DenyutError, Retryable
from schemas.events import Millis

_QUOTES = "https://query1.finance.yahoo.com/v7/finance/quote"
_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_DENIED = frozenset({401, 403})
_RATE_LIMIT_S = 60.0


class Unreadable(Retryable):
    """Yahoo answers with what yfinance cannot read."""


class Row(NamedTuple):
    """One row of prices; NaN where Yahoo has none."""

    start: Millis
    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


class Prices(NamedTuple):
    """The rows of a span in order of time, and why there are none where Yahoo says why."""

    rows: Sequence[Row]
    reason: str | None


class Yahoo:
    """Yahoo as this project uses it; may be called from several threads."""

    def __init__(self, settings: ProducerSettings) -> None:
        cache = settings.data_dir / "yahoo"
        # Cookies and time zones, which yfinance would keep in the home directory. It can do without, and says so.
        with suppress(OSError):
            cache.mkdir(parents=True, exist_ok=True)
        yfinance.set_tz_cache_location(str(cache))
        yfinance.config.debug.hide_exceptions = False
        # What pandas will do one day is between it and yfinance.
        warnings.filterwarnings("ignore", module=r"yfinance\.")
        self._timeout_s = settings.yahoo_timeout_s
        self._session = YahooSession(settings)
        self._data = YfData(session=self._session)

    def quotes(self, symbols: Sequence[str], stop: Event) -> list[dict[str, Any]]:
        """What Yahoo says now of `symbols`, as it says it; unknown ones are left out.

        Raises Backpressure, Lasting or Retryable.
        """
        parameters = {"symbols": ",".join(symbols), "formatted": "false", "lang": "en-US", "region": "US"}
        with self._session.stopped_by(stop), _decided():
            answer = self._data.get_raw_json(_QUOTES, params=parameters, timeout=self._timeout_s)
            found = answer["quoteResponse"]
            if found.get("error"):
                raise Retryable(f"Yahoo says {str(found['error'])[:200]}")
            return [dict(row) for row in found["result"]]

    def history(self, symbol: str, start: date | int, end: int, interval: str, stop: Event) -> Prices:
        """The prices of `symbol` from `start` (a day at its exchange, or epoch seconds) to `end`, as they were traded.

        Raises Backpressure, Retryable, and Lasting where Yahoo does not know the symbol or lets nobody in.
        """
        with self._session.stopped_by(stop), _decided():
            try:
                frame = yfinance.Ticker(symbol, session=self._session).history(
                    start=start,
                    end=end,
                    interval=interval,
                    auto_adjust=False,
                    actions=False,
                    timeout=self._timeout_s,
                )
            except YFTzMissingError as error:
                raise Lasting(f"Yahoo knows no {symbol}") from error
            except YFPricesMissingError as error:
                return Prices((), None if error.yahoo_reason is None else str(error))
            return Prices([_row(at, values) for at, values in frame.iterrows()], None)

    def reach(self, symbol: str, patience_s: float) -> None:
        """Ask once for `symbol`; raises Backpressure, Lasting or Retryable where that does not work."""
        with _decided():
            answer = self._session.get(_CHART + symbol, params={"range": "1d"}, timeout=patience_s)
            answer.raise_for_status()  # type: ignore[no-untyped-call]  # as curl_cffi has it


@contextmanager
def _decided() -> Iterator[None]:
    """Everything that goes wrong in yfinance, as a decision."""
    try:
        yield
    except DenyutError:
        raise
    except YFRateLimitError as error:
        raise Backpressure(str(error), retry_after=_RATE_LIMIT_S) from error
    except exceptions.RequestException as error:
        status = getattr(error.response, "status_code", None)
        told = f"{type(error).__name__}: {error}"
        if status in _DENIED:
            raise Lasting(told, denied=True) from error
        raise Retryable(told) from error
    except (YFException, ValueError, LookupError, TypeError, AttributeError) as error:
        # yfinance keeps answers about the past for ever, also those that it could not read.
        YfData.cache_get.cache_clear()
        raise Unreadable(f"an answer that cannot be read: {type(error).__name__}: {error}") from error


def _row(at: Any, values: Any) -> Row:
    volume = values["Volume"]
    return Row(
        round(at.timestamp() * 1000),
        at.date(),
        float(values["Open"]),
        float(values["High"]),
        float(values["Low"]),
        float(values["Close"]),
        0 if math.isnan(volume) else int(volume),
    )
