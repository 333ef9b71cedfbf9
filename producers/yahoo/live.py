"""The source `live` of Yahoo: prices as they change, off a stream that is kept open from run to run."""

import time
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from threading import Event

from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.settings import ProducerSettings
from producers.yahoo.pricing import quote_of
from producers.yahoo.stream import Stream
from producers.yahoo.told import state_of, stored, told
from schemas.errors import Poison, Retryable

LIVE = "live"
_PATIENCE_S = 1.0
_ROW = 20
"""So many messages in a row that cannot be read mean that none can."""
_SHARE = 0.75
"""Of the time that a run may take after which it ends by itself."""
_OUTSIDE = "messages were signs of life, or of trading outside regular hours"
_STRANGE = "messages were quotes of symbols that nobody subscribed to"


class Live:
    """Follows the stream; used by one thread at a time.

    A run tells what came in `yahoo_live_run_s`, so that there is a Run to see whether it works; the next one goes on with the same
    connection. Where that ends, the run fails and the runner comes back, later and later.
    """

    def __init__(self, settings: ProducerSettings, symbols: Sequence[str], collector: str) -> None:
        self._settings = settings
        self._symbols = symbols
        self._collector = collector
        self._run_s = min(settings.yahoo_live_run_s, _SHARE * settings.run_timeout_s)
        self._stream: Stream | None = None
        self._wrong = 0
        """Messages in a row that could not be read."""

    def collect(self, cursors: Mapping[str, str], polled: str, stop: Event) -> Generator[Batch]:
        """What comes in the time of a run; `polled` is the cursor of what was told by polls.

        Raises Backpressure, Lasting or Retryable where there is no stream, or none that can be read.
        """
        try:
            yield from self._follow(cursors, polled, stop)
        except BaseException:
            # Also of a run that is left alone: nobody would take what comes.
            self._end()
            raise
        if stop.is_set():
            self._end()

    def reach(self, patience_s: float) -> None:
        """Open a stream and close it; raises Backpressure, Lasting or Retryable where that does not work."""
        Stream(self._settings, self._symbols, patience_s).close()

    def _follow(self, cursors: Mapping[str, str], polled: str, stop: Event) -> Generator[Batch]:
        end = time.monotonic() + self._run_s
        by_poll = told(cursors.get(polled))
        states = {name: state for name, state in told(cursors.get(LIVE)).items() if name in self._symbols}
        ignored: Counter[str] = Counter()
        while time.monotonic() < end and not stop.is_set():
            stream = self._open()
            if time.monotonic() - stream.heard_at >= self._settings.yahoo_live_idle_s:
                # Markets may be closed, or the server has forgotten us: a new connection tells.
                self._end()
                silence = f"nothing for {self._settings.yahoo_live_idle_s:g} s: connected anew"
                stream = self._open()
                yield Batch((), (), silence)
            items: list[Item | Refused] = []
            for message in stream.take(_PATIENCE_S):
                item = self._item(message)
                if isinstance(item, str):
                    ignored[item] += 1
                elif isinstance(item, Refused):
                    items.append(item)
                else:
                    symbol, state = item.record["symbol"], item.origin.rpartition("@")[2]
                    if state not in (states.get(symbol), by_poll.get(symbol)):
                        items.append(item)
                    states[symbol] = state
            if items:
                yield Batch(items, (Cursor(LIVE, stored(states)),))
            if self._wrong >= _ROW:
                raise Retryable(
                    f"{self._wrong} messages in a row cannot be read: the last ones are dead letters"
                )
        if ignored:
            yield Batch((), (), "; ".join(f"{number} {why}" for why, number in ignored.items()))

    def _item(self, message: str | bytes) -> Item | Refused | str:
        """What a message says; where that is no price to tell, what such messages are."""
        raw = message.encode() if isinstance(message, str) else message
        try:
            quote = quote_of(message, self._collector, now_ms())
        except Poison as why:
            self._wrong += 1
            return Refused(f"{self._collector}:{LIVE}", raw, len(raw), why)
        self._wrong = 0
        if quote is None:
            return _OUTSIDE
        if quote["symbol"] not in self._symbols:
            # No dead letter: who sends one sends many.
            return _STRANGE
        return Item("quotes", quote, f"{self._collector}:{quote['symbol']}@{state_of(quote)}", raw)

    def _open(self) -> Stream:
        if self._stream is None:
            self._stream = Stream(self._settings, self._symbols)
            self._wrong = 0
        return self._stream

    def _end(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
