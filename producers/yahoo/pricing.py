"""One message of Yahoo's stream as a Quote: JSON around base64 around the protocol buffer that yfinance brings."""

import base64
import binascii
import math
import struct
from typing import Any

import orjson
from google.protobuf.message import DecodeError
from yfinance.pricing_pb2 import PricingData

from producers.yahoo.quote import as_quote
from schemas.errors import Poison
from schemas.events import Millis, Quote

_PRICING = "pricing"
_HEARTBEAT = 7
"""As quote_type: no price, a sign of life."""
_REGULAR = 1
"""As market_hours: neither before nor after the trading of the day."""
_FLOAT_DIGITS = range(6, 10)
"""Nine digits tell any two numbers of four bytes apart; most need fewer."""


def quote_of(message: str | bytes, collector: str, collected_at: Millis) -> Quote | None:
    """The quote in a message of the stream; None where it is a sign of life, or of trading outside regular hours.

    Polls tell regular hours alone, to the second, with 0 for a volume that nobody counts: the same trade is the same quote by
    either way. Raises Poison (malformed) where the message is something else, or says too little.
    """
    data = _decoded(message)
    if data.quote_type == _HEARTBEAT or data.market_hours != _REGULAR:
        return None
    row = {
        "symbol": data.id,
        # Nothing costs nothing; a protocol buffer does not tell 0 from nothing.
        "regularMarketPrice": plain(data.price) or None,
        "regularMarketTime": data.time // 1000 or None,
        "regularMarketChange": plain(data.change),
        "regularMarketVolume": data.day_volume,
        "currency": data.currency,
        "exchange": data.exchange,
    }
    return as_quote(row, collector, collected_at)


def plain(value: float) -> float:
    """The shortest decimal number that four bytes hold as `value`: 9875.1, where 9875.099609375 was read."""
    if not math.isfinite(value):
        return value
    for digits in _FLOAT_DIGITS:
        short = float(f"{value:.{digits}g}")
        if struct.pack("<f", short) == struct.pack("<f", value):
            return short
    return value


def _decoded(message: str | bytes) -> Any:
    try:
        sent = orjson.loads(message)
    except orjson.JSONDecodeError as error:
        raise Poison("malformed", f"a message of the stream that is no JSON: {error}") from error
    kind = sent.get("type") if isinstance(sent, dict) else None
    if kind != _PRICING:
        raise Poison("malformed", f"a message of the stream of an unknown type: {kind!r:.60}")
    try:
        return PricingData.FromString(base64.b64decode(sent.get("message"), validate=True))
    except (binascii.Error, TypeError, ValueError, DecodeError) as error:
        raise Poison("malformed", f"prices that cannot be read: {type(error).__name__}: {error}") from error
