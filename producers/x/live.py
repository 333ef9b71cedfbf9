"""The source `stream` of X: posts as they are written, run by run over one connection; the search has what it misses."""

import time
from collections.abc import Generator, Mapping
from threading import Event
from typing import Any

import orjson

from producers.base import Batch, Cursor, Item, Refused
from producers.budget import Budget
from producers.clock import now_ms
from producers.keywords import Keywords
from producers.settings import ProducerSettings
from producers.wanted import NOTHING, not_searched
from producers.x.client import TOKEN, XClient
from producers.x.query import query_of
from producers.x.rules import matched
from producers.x.stream import Stream, refused
from producers.x.tweets import as_post
from schemas.errors import Poison

STREAM = "stream"
_BUDGET = "stream-budget"
_SETTING = "DENYUT_X_STREAM_BUDGET"
_PATIENCE_S = 1.0


class Live:
    """Follows the stream; its reads have a budget of their own. Used by one thread at a time.

    The connection outlasts a run that ends by its time: a stream that only ended with its connection would tell of no run while
    it is well, and could not be told from one that nobody reads.
    """

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._settings = settings
        self._keywords = keywords
        self._client = XClient(settings)
        self._stream: Stream | None = None

    @property
    def connected(self) -> bool:
        """Whether the last run has left a connection for the next one."""
        return self._stream is not None

    def collect(self, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What the stream brings in `x_rules_s` seconds, by rules that are compared with the keywords before.

        That the connection ends is an error, from which the runner comes back.
        """
        end = time.monotonic() + self._settings.x_rules_s
        kept = False
        try:
            wanted, wrong = self._wanted()
            if not wanted and not wrong:
                yield Batch((), (), NOTHING)
                return
            if wrong:
                yield not_searched(wrong, of=len(wanted) + len(wrong))
            self._client.hold_rules(wanted, stop)
            yield from self._follow(cursors, end, stop)
            kept = not stop.is_set()
        finally:
            if self._stream is not None and not kept:
                self._stream.disconnect()
                self._stream = None

    def _follow(self, cursors: Mapping[str, str], end: float, stop: Event) -> Generator[Batch]:
        """What comes until `end` (of time.monotonic); raises what ends the stream, or Backpressure where the budget does."""
        if self._stream is None:
            self._stream = self._client.stream(lambda status, headers: refused(status, headers, TOKEN))
            self._stream.connect()
        stored = cursors.get(_BUDGET)
        while not stop.is_set():
            budget = Budget(stored, self._settings.x_stream_budget, _SETTING, now_ms())
            if not budget.left_today:
                raise budget.exhausted()
            ended = self._stream.problem
            left_s = end - time.monotonic()
            lines = self._stream.take(0.0 if ended else max(0.0, min(_PATIENCE_S, left_s)))
            if lines:
                budget.charge(len(lines))
                stored = budget.stored()
                items = [_item(line) for line in lines]
                found = [item for item in items if item is not None]
                yield Batch(found, (Cursor(_BUDGET, stored),), None, budget.left)
            elif ended is not None:
                raise ended
            if left_s <= 0:
                return

    def _wanted(self) -> tuple[dict[str, str], list[str]]:
        """(queries by keyword, the most important ones as far as X takes rules; those that are none)."""
        queries: dict[str, str] = {}
        wrong = []
        for one in self._keywords.active(now_ms()):
            try:
                query = query_of(one, self._settings.x_query_characters)
            except ValueError as error:
                wrong.append(f"{one.id} ({error})")
                continue
            if len(queries) < self._settings.x_rules:
                queries[one.id] = query
            else:
                wrong.append(f"{one.id} (more than DENYUT_X_RULES)")
        return queries, wrong


def _item(line: bytes) -> Item | Refused | None:
    """The post of a line; None where it came by a rule that is not ours."""
    origin = f"x:{STREAM}"
    try:
        sent: Any = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Refused(origin, line, len(line), Poison("malformed", "no JSON"))
    if not isinstance(sent, dict) or not isinstance(sent.get("data"), dict):
        return Refused(origin, line, len(line), Poison("malformed", "no post"))
    keywords = matched(sent)
    if not keywords:
        return None
    includes = sent.get("includes")
    users = includes.get("users") if isinstance(includes, dict) else None
    by_id = {str(one.get("id")): one for one in users or [] if isinstance(one, dict)}
    try:
        post = as_post(sent["data"], by_id, keywords, STREAM, now_ms())
    except Poison as why:
        return Refused(origin, line, len(line), why)
    return Item("posts", post, f"x:{post['id']}", line)
