"""Quotes as a feed has them, and how fast the `market` stage of a running stack takes them."""

import time
from collections.abc import Iterator

from schemas.events import Quote
from schemas.flow import step
from schemas.topics import TOPICS
from tests.bench.report import Row
from tests.support.bars import OPENING, quote
from tests.support.kafka_reading import Offsets
from tests.support.stack import Stack
from tests.support.stages import CODEC, Feed
from tests.support.until import until

_QUOTES = 200_000
_SYMBOLS = 100
_EVERY_MS = 1_000
_PREFIX = "denyut."


def quotes(number: int, symbols: int, every_ms: int, **fields: int) -> Iterator[Quote]:
    """`number` quotes of `symbols` symbols, one of each in every `every_ms` of market time."""
    names = [f"S{symbol}" for symbol in range(symbols)]
    for nth in range(number):
        turn, symbol = divmod(nth, symbols)
        at = OPENING + turn * every_ms + symbol * every_ms // symbols
        yield quote(at, 100 + (nth * 7919 % 1_000) / 100, nth, names[symbol], **fields)


def through_market(stack: Stack) -> list[Row]:
    """Quotes a second from their producer until `market` has committed them, while the stack lands quotes and bars beside it.

    They are encoded before the clock starts: the producer is not what is measured.
    """
    now = time.time_ns() // 1_000_000
    event = TOPICS["quotes"].event
    made = [
        (one["symbol"].encode(), CODEC.encode(event, one))
        for one in quotes(_QUOTES, _SYMBOLS, _EVERY_MS, collected_at=now)
    ]
    offsets = Offsets(stack.kafka, step("market").group(_PREFIX), f"{_PREFIX}quotes")
    feed = Feed(stack.kafka, _PREFIX)
    before = sum(offsets.committed().values())
    began = time.monotonic()
    for key, value in made:
        feed.raw("quotes", key, value)
    feed.flush()
    until(lambda: sum(offsets.committed().values()) >= before + _QUOTES, "all quotes", 300)
    seconds = time.monotonic() - began
    offsets.close()
    stack.wait(300)
    return [Row("denyut", "quotes_per_s", _QUOTES / seconds, "quotes/s")]
