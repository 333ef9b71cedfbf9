"""`market`: quotes and candles become bars of a minute and of a day, published as they change, closed and dropped."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import structlog

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.market.checks import check_candle, check_quote
from processors.logic.market.exchanges import Exchanges
from processors.logic.market.held import Held
from processors.logic.market.passing import Passing
from processors.logic.market.publishing import Publisher
from processors.logic.market.step import Step
from processors.settings import MarketSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Bar, Candle, Millis, Quote
from schemas.topics import TOPICS

log = structlog.get_logger()

_TICK_S = 0.25
_AHEAD_MS = 300_000
"""How far ahead of the clock a quote may claim to be before it no longer moves the watermark."""
_WATERMARK = "watermark"


@dataclass(slots=True)
class _Partition:
    """What follows from the rows of one partition, and when it last published (processing time, seconds)."""

    held: Held
    passing: Passing
    published_at: float


@dataclass(frozen=True, slots=True)
class _Planned:
    """What becomes of a partition when the batch at hand commits."""

    step: Step
    passing: Passing
    published_at: float


class Market:
    """The handler of `quotes` and `candles`.

    Rows: `bars` (see `logic.market.rows`), `floors` (of the bars dropped, see `logic.market.step`) and in `marks` the
    watermark. `ready` returns once it is known in which zones days are cut.
    """

    def __init__(
        self,
        app: BatchApp,
        settings: MarketSettings,
        codec: Codec,
        exchanges: Exchanges,
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("market", codec, settings.topic_prefix)
        self._exchanges = exchanges
        self._ready = ready
        self._publisher = Publisher(
            at_most=settings.market_publish_max,
            held_rows={"1m": settings.minute_bars, "1d": settings.day_bars},
            threshold=settings.price_move,
        )
        self._bars: BatchTable = app.batch_table("bars")
        self._floors: BatchTable = app.batch_table("floors")
        self._marks: BatchTable = app.batch_table("marks")
        self._partitions: dict[int, _Partition] = {}
        self._planned: dict[int, _Planned] = {}
        self._working = asyncio.Lock()
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name="prices",
                topics=(self._topics["quotes"], self._topics["candles"]),
                handle=self.handle,
                linger_s=settings.gather_s,
                max_records=settings.market_batch,
                tick_s=min(_TICK_S, settings.market_publish_s),
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: take what came, then publish what is due."""
        await self._ready()
        self._planned.pop(batch.partition, None)  # of a batch without effects, which was not committed
        if not batch.records and self._rests(batch):
            return
        # In a thread, so that transactions of other lanes go on; one at a time, for the work is all Python.
        async with self._working:
            await asyncio.to_thread(self._work, batch)

    def _rests(self, batch: Batch) -> bool:
        """Whether nothing is left to do without input."""
        partition = self._partitions[batch.partition]
        over = self._over(batch, partition.passing, time.monotonic(), now_ms())
        return not partition.held.dirty and not partition.held.closable_count(over)

    def _over(self, batch: Batch, passing: Passing, now_s: float, clock_ms: Millis) -> Millis:
        return passing.over(now_s, clock_ms, self._settings.market_idle_s, caught_up=batch.caught_up)

    def _work(self, batch: Batch) -> None:
        now_s, computed_at = time.monotonic(), now_ms()
        partition = self._partitions[batch.partition]
        step = Step(
            bar=lambda key: batch.get(self._bars, key),
            floor=lambda key: batch.get(self._floors, key),
            held=partition.held,
            exchanges=self._exchanges,
            marks=self._settings.minute_ticks,
        )
        passing = self._take(batch, step, partition.passing, now_s, computed_at)
        step.finish()
        over = self._over(batch, passing, now_s, computed_at)
        published_at = partition.published_at
        provisional = now_s - published_at >= self._settings.market_publish_s
        if provisional or len(partition.held.dirty) + step.touched >= self._settings.market_publish_max:
            for bar in self._publisher.publish(
                step, partition.held, over, computed_at, provisional=provisional
            ):
                self._send(batch, bar)
        for key, row in step.bar_rows.items():
            batch.put(self._bars, key, row)
        for key, floor in step.floor_rows.items():
            batch.put(self._floors, key, floor)
        if passing.watermark != partition.passing.watermark:
            batch.put(self._marks, _WATERMARK, passing.watermark)
        batch.pending = step.owed(partition.held, over)
        if provisional and batch.pending < self._settings.market_publish_max:
            published_at = now_s
        self._planned[batch.partition] = _Planned(step, passing, published_at)

    def _take(self, batch: Batch, step: Step, passing: Passing, now_s: float, computed_at: Millis) -> Passing:
        """Take every record into the step; how far time has passed after them."""
        latest = computed_at + _AHEAD_MS
        highest = passing.watermark
        ignored: Counter[str] = Counter()
        of_quotes = batch.topic == self._topics["quotes"]
        for record in batch.records:
            try:
                if of_quotes:
                    quote = self._quote(record)
                    step.quote(quote)
                    highest = max(highest, min(quote["market_time"], latest))
                else:
                    candle = self._candle(record)
                    if not step.candle(candle):
                        ignored[candle["interval"]] += 1
            except Poison as error:
                self._letters.bury(batch, record, error, computed_at)
        if ignored:
            # They stand in the table of candles all the same.
            log.info("candles_make_no_bars", partition=batch.partition, by_interval=dict(ignored))
        return passing.hear(highest, now_s)

    def _quote(self, record: Record) -> Quote:
        quote = cast("Quote", self._event(record, "quote"))
        check_quote(quote)
        return quote

    def _candle(self, record: Record) -> Candle:
        candle = cast("Candle", self._event(record, "candle"))
        check_candle(candle)
        return candle

    def _event(self, record: Record, event: str) -> Mapping[str, Any]:
        """The event in a record; raises Poison for anything else, and where its key is not its symbol."""
        found = event_in(self._codec, record, event)
        symbol = found["symbol"]
        if not symbol or record.key != symbol.encode():
            # Equal symbols would not meet in one partition, and their bars would contradict one another.
            raise Poison("invalid", f"the key of a {event} of {symbol!r} is not its symbol")
        return found

    def _send(self, batch: Batch, bar: Bar) -> None:
        value = self._codec.encode("bar", bar)
        batch.send(self._topics["bars"], bar["symbol"].encode(), value, timestamp=bar["computed_at"])

    def _restored(self, partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        held = Held()
        held.restore(tables[self._bars])
        # Silence counts from now: while nobody listened, nothing could be heard.
        now_s = time.monotonic()
        passing = Passing(tables[self._marks].get(_WATERMARK, 0), now_s)
        self._partitions[partition] = _Partition(held, passing, now_s)

    def _committed(self, batch: Batch) -> None:
        # An empty batch that had nothing to do planned nothing.
        planned = self._planned.pop(batch.partition, None)
        if planned is None:
            return
        partition = self._partitions[batch.partition]
        for key, end, row in planned.step.changes():
            partition.held.take(key, end, row)
        partition.passing = planned.passing
        partition.published_at = planned.published_at

    def _revoked(self, partition: int) -> None:
        self._partitions.pop(partition, None)
        self._planned.pop(partition, None)
