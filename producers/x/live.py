"""The source `stream` of X: posts as they are written, for as long as a connection lasts; the search has what it misses."""

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
from producers.x.stream import refused
from producers.x.tweets import as_post
from schemas.errors import Poison

STREAM = "stream"
_BUDGET = "stream-budget"
_SETTING = "DENYUT_X_STREAM_BUDGET"
_PATIENCE_S = 1.0


class Live:
    """Follows the stream; its reads have a budget of their own. Used by one thread at a time."""

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._settings = settings
        self._keywords = keywords
        self._client = XClient(settings)

    def collect(self, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What the stream brings, until it ends: that is an error, from which the runner comes back.

        Rules are compared with the keywords at the start and every `x_rules_s` seconds.
        """
        budget = Budget(cursors.get(_BUDGET), self._settings.x_stream_budget, _SETTING, now_ms())
        wanted, wrong = self._wanted()
        if not wanted and not wrong:
            yield Batch((), (), NOTHING)
            return
        if wrong:
            yield not_searched(wrong, of=len(wanted) + len(wrong))
        self._client.hold_rules(wanted, stop)
        compared_at = time.monotonic()
        stream = self._client.stream(lambda status: refused(status, TOKEN))
        try:
            stream.connect()
            while not stop.is_set():
                budget = Budget(budget.stored(), self._settings.x_stream_budget, _SETTING, now_ms())
                if not budget.left_today:
                    raise budget.exhausted()
                ended = stream.problem
                lines = stream.take(_PATIENCE_S if ended is None else 0.0)
                if lines:
                    budget.charge(len(lines))
                    items = [_item(line) for line in lines]
                    found = [item for item in items if item is not None]
                    yield Batch(found, (Cursor(_BUDGET, budget.stored()),), None, budget.left)
                elif ended is not None:
                    raise ended
                if time.monotonic() - compared_at >= self._settings.x_rules_s:
                    compared_at = time.monotonic()
                    self._client.hold_rules(self._wanted()[0], stop)
        finally:
            stream.disconnect()

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
