"""What one run has done so far, and the Run that tells of it."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

from producers.asked import Asked
from producers.base import Cursor, Item, Lasting
from producers.clock import now_ms
from producers.requests.book import Owed
from schemas.errors import Backpressure, DenyutError
from schemas.events import Millis, Run

Outcome = Literal["ok", "empty", "throttled", "auth", "error"]

_ERROR_CHARACTERS = 500
_TIMES = {"posts": "event_at", "candles": "start", "quotes": "market_time"}
"""Which field says how new a record is; counts of a post that are read again say nothing of that."""


@dataclass(slots=True)
class Tally:
    """The counts of one run over `source`; `published` counts what is acknowledged."""

    collector: str
    source: str
    started_at: Millis
    owed: Owed | None = None
    """What it is asked for by."""
    asked: Asked | None = None
    items: int = 0
    published: int = 0
    refused: int = 0
    oldest: Millis | None = None
    newest: Millis | None = None
    remark: str | None = None
    quota_left: int | None = None
    pending: list[Item] = field(default_factory=list)
    """Published and not acknowledged."""
    unstored: dict[str, Cursor] = field(default_factory=dict)
    """Cursors of what is acknowledged, to be stored."""
    stored_items: int = 0
    stored_at: float = field(default_factory=time.monotonic)

    def see(self, items: int) -> None:
        """Count items that are not published; that they are there now is the newest that is known of the source."""
        self.items += items
        if items:
            self.newest = now_ms()

    def acknowledge(self) -> None:
        """Count what was pending as published."""
        for item in self.pending:
            if item.topic not in _TIMES:
                continue
            # A clock that is ahead must not keep a source from ever being quiet.
            at: Any = min(item.record[_TIMES[item.topic]], now_ms())
            if self.oldest is None or at < self.oldest:
                self.oldest = at
            if self.newest is None or at > self.newest:
                self.newest = at
        self.published += len(self.pending)
        self.pending.clear()

    def run(self, problem: DenyutError | None) -> Run:
        """The event, now that the run has ended, by `problem` where there is one."""
        told = self._told(problem)
        return Run(
            id=f"{self.collector}:{self.started_at}",
            collector=self.collector,
            source=self.source,
            started_at=self.started_at,
            ended_at=now_ms(),
            outcome=self._outcome(problem),
            items=self.items,
            published=self.published,
            oldest_item_at=self.oldest,
            newest_item_at=self.newest,
            quota_left=self.quota_left,
            error=None if told is None else told[:_ERROR_CHARACTERS],
            request_id=None if self.owed is None else self.owed.request,
        )

    def _told(self, problem: DenyutError | None) -> str | None:
        if problem is not None:
            return str(problem)
        if self.asked is None or not self.asked.missing:
            return self.remark
        unknown = f"no active keyword is called {', '.join(sorted(self.asked.missing))}"
        return unknown if self.remark is None else f"{unknown}; {self.remark}"

    def _outcome(self, problem: DenyutError | None) -> Outcome:
        match problem:
            case None:
                return "ok" if self.items else "empty"
            case Backpressure():
                return "throttled"
            case Lasting(denied=True):
                return "auth"
            case _:
                return "error"
