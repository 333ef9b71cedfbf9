"""The runner: takes what collectors read to Kafka, stores their cursors, leaves a Run for every run, stops in order."""

import random
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Event
from typing import Literal

import structlog

from producers.base import Batch, Collector, Cursor, Item, Refused
from producers.checkpoint import read_cursors
from producers.clock import now_ms
from producers.dead_letter import dead_letter
from producers.publisher import Publisher
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.errors import Backpressure, DenyutError, Fatal, Poison, Retryable
from schemas.events import Checkpoint, Millis, Run

Outcome = Literal["ok", "empty", "throttled", "auth", "error"]

_LONGEST_BACKOFF_S = 60.0
_ERROR_CHARACTERS = 500
_OWED_RUNS = 1_000
"""How many runs are kept to be told of while Kafka is away; the oldest are forgotten beyond that."""


def run_collectors(
    collectors: Sequence[Collector], settings: ProducerSettings, codec: Codec, stop: Event
) -> None:
    """Run all of them, a thread each, until they are finished or `stop` is set; raises the first Fatal."""
    with ThreadPoolExecutor(len(collectors), "collector") as pool:
        loops = [_Loop(collector, settings, codec, stop) for collector in collectors]
        futures = [pool.submit(copy_context().run, loop.run) for loop in loops]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        stop.set()
    for future in [*done, *futures]:
        future.result()


@dataclass(slots=True)
class _Tally:
    """What one run has done so far; `published` counts what is acknowledged."""

    started_at: Millis
    items: int = 0
    published: int = 0
    refused: int = 0
    oldest: Millis | None = None
    newest: Millis | None = None
    pending: list[Item] = field(default_factory=list)

    def acknowledge(self) -> None:
        """Count what was pending as published."""
        for item in self.pending:
            at: Millis = item.record["start"] if item.topic == "candles" else item.record["event_at"]
            if self.oldest is None or at < self.oldest:
                self.oldest = at
            if self.newest is None or at > self.newest:
                self.newest = at
        self.published += len(self.pending)
        self.pending.clear()


class _Loop:
    """One collector: its runs one after the other, each source when it is due."""

    def __init__(self, collector: Collector, settings: ProducerSettings, codec: Codec, stop: Event) -> None:
        self._collector = collector
        self._settings = settings
        self._codec = codec
        self._stop = stop
        self._log = structlog.get_logger().bind(collector=collector.name)
        self._publisher = Publisher(settings, codec, f"{collector.name}-collector", stop)
        self._cursors: dict[str, str] = {}
        self._last_started: Millis = 0
        self._owed: deque[Run] = deque(maxlen=_OWED_RUNS)

    def run(self) -> None:
        """Until every source is finished or `stop` is set. Raises Fatal."""
        try:
            self._cursors = read_cursors(self._settings, self._codec, self._collector.name, self._stop)
            due = dict.fromkeys(self._collector.sources(), 0.0)
            failures = dict.fromkeys(due, 0)
            while due and not self._stop.is_set():
                source = min(due, key=due.__getitem__)
                if self._stop.wait(max(0.0, due[source] - time.monotonic())):
                    return
                wait_s: float | None
                try:
                    self._run_once(source)
                except Retryable as error:
                    if self._stop.is_set():
                        raise
                    failures[source] += 1
                    wait_s = backoff_s = _backoff_s(error, failures[source])
                    self._log.warning(
                        "run_failed", source=source, error=str(error), retry_s=round(backoff_s, 1)
                    )
                else:
                    failures[source] = 0
                    wait_s = self._collector.next_run_s(source)
                if wait_s is None:
                    del due[source]
                else:
                    due[source] = time.monotonic() + wait_s
        except Retryable as error:
            # Stopped while Kafka was away: what is not acknowledged is before no stored cursor, so it comes again.
            self._log.warning("stopped_unacknowledged", why=str(error))
        finally:
            self._publisher.close()

    def _run_once(self, source: str) -> None:
        """One run, and the Run that tells of it. Raises Retryable, Fatal."""
        self._last_started = max(now_ms(), self._last_started + 1)
        tally = _Tally(self._last_started)
        outcome, problem = self._attempt(source, tally)
        run = self._record(source, tally, outcome, problem)
        seconds = (run["ended_at"] - run["started_at"]) / 1000
        self._log.info(
            "run_ended",
            source=source,
            outcome=outcome,
            items=tally.items,
            published=tally.published,
            refused=tally.refused,
            seconds=seconds,
            per_s=round(tally.published / seconds, 1) if seconds else None,
        )
        self._owed.append(run)
        try:
            for owed in self._owed:
                self._publisher.publish("runs", owed)
            self._publisher.flush()
        except Retryable as error:
            problem = problem or error
        else:
            self._owed.clear()
        if problem is not None:
            raise problem

    def _attempt(self, source: str, tally: _Tally) -> tuple[Outcome, DenyutError | None]:
        try:
            self._take(source, tally)
        except Backpressure as error:
            return "throttled", error
        except DenyutError as error:
            return "error", error
        except Exception as error:  # noqa: BLE001 -- a runner is where the unexpected is told and ends the process
            self._log.exception("collector_broke", source=source)
            broke = Fatal(f"{self._collector.name} broke on {source}: {type(error).__name__}: {error}")
            broke.__cause__ = error
            return "error", broke
        return "ok" if tally.items else "empty", None

    def _take(self, source: str, tally: _Tally) -> None:
        """Publish every batch; a cursor is stored after its batch is acknowledged."""
        progress = _Progress(self._log.bind(source=source), self._settings.progress_s)
        stored_at, stored_items = time.monotonic(), 0
        waiting: dict[str, Cursor] = {}
        batches = self._collector.collect(source, self._cursors, self._stop)
        with closing(batches):
            for batch in batches:
                self._publish(batch, tally)
                waiting.update((cursor.source, cursor) for cursor in batch.cursors)
                now = time.monotonic()
                late = now - stored_at >= self._settings.checkpoint_s
                many = tally.items - stored_items >= self._settings.checkpoint_items
                if late or many or not batch.items:
                    self._store(waiting)
                    stored_at, stored_items = now, tally.items
                progress.tell(tally)
        self._store(waiting)

    def _publish(self, batch: Batch, tally: _Tally) -> None:
        tally.pending.clear()
        for item in batch.items:
            tally.items += 1
            refused = self._offer(item)
            if refused is not None:
                tally.refused += 1
                self._publisher.publish("dead-letters", dead_letter(refused, self._collector.name))
            elif isinstance(item, Item):
                tally.pending.append(item)
        if batch.items:
            self._publisher.flush()
            tally.acknowledge()

    def _offer(self, item: Item | Refused) -> Refused | None:
        """Publish `item`; what is refused comes back."""
        if isinstance(item, Refused):
            return item
        try:
            self._publisher.publish(item.topic, item.record)
        except Poison as why:
            return Refused(item.origin, item.raw, len(item.raw), why)
        return None

    def _store(self, waiting: dict[str, Cursor]) -> None:
        for cursor in waiting.values():
            checkpoint = Checkpoint(
                collector=self._collector.name,
                source=cursor.source,
                cursor=cursor.value,
                updated_at=now_ms(),
            )
            self._publisher.publish("checkpoints", checkpoint)
        if waiting:
            self._publisher.flush()
            self._cursors.update((cursor.source, cursor.value) for cursor in waiting.values())
            waiting.clear()

    def _record(self, source: str, tally: _Tally, outcome: Outcome, problem: DenyutError | None) -> Run:
        return Run(
            id=f"{self._collector.name}:{tally.started_at}",
            collector=self._collector.name,
            source=source,
            started_at=tally.started_at,
            ended_at=now_ms(),
            outcome=outcome,
            items=tally.items,
            published=tally.published,
            oldest_item_at=tally.oldest,
            newest_item_at=tally.newest,
            quota_left=None,
            error=None if problem is None else str(problem)[:_ERROR_CHARACTERS],
        )


class _Progress:
    """Tells now and then how far a run is, and how fast."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, every_s: float) -> None:
        self._log = log
        self._every_s = every_s
        self._told_at = time.monotonic()
        self._told = 0

    def tell(self, tally: _Tally) -> None:
        """Log where it is time to."""
        now = time.monotonic()
        if now - self._told_at < self._every_s:
            return
        per_s = (tally.published - self._told) / (now - self._told_at)
        self._log.info(
            "run_progress", published=tally.published, refused=tally.refused, per_s=round(per_s, 1)
        )
        self._told_at, self._told = now, tally.published


def _backoff_s(error: Retryable, failures: int) -> float:
    if isinstance(error, Backpressure):
        return error.retry_after
    longest = min(_LONGEST_BACKOFF_S, 2.0**failures)
    return random.uniform(longest / 2, longest)  # noqa: S311 -- spreads retries, keeps no secret
