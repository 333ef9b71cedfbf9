"""One collector: each of its sources when it is due, its events to Kafka, a Run for every run, an end in order."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread

import structlog

from producers.asked import Asked
from producers.base import Collector, Holding, Lasting
from producers.clock import now_ms
from producers.delivery import Delivery
from producers.progress_log import ProgressLog
from producers.reading import Ended, Handed, Reading
from producers.registry import searching
from producers.requests.book import CHECKPOINT
from producers.requests.desk import Desk
from producers.requests.follow import Ordered
from producers.requests.intake import Intake
from producers.schedule import Schedule
from producers.settings import ProducerSettings
from producers.tally import Tally
from producers.telemetry import RunCounter
from schemas.codec import Codec
from schemas.errors import DenyutError, Fatal, Poison, Retryable
from schemas.events import Millis

_GRACE_S = 2.0
"""How long a run that was told to stop for being late may take to do so."""


@dataclass(slots=True)
class _Underway:
    """A run that has not ended: what it has done, and when it must have."""

    tally: Tally
    progress: ProgressLog
    deadline: float | None
    late: Retryable | None = None


class Loop:
    """One collector. Its sources are read in threads of their own; everything for Kafka is done in this one."""

    def __init__(self, collector: Collector, settings: ProducerSettings, codec: Codec, stop: Event) -> None:
        self._collector = collector
        self.name = collector.name
        self._settings = settings
        self._stop = stop
        self._log = structlog.get_logger().bind(collector=collector.name)
        self._delivery = Delivery(collector.name, settings, codec, stop)
        self._counter = RunCounter(collector.name)
        self._sources = collector.sources()
        self._schedule = Schedule(self._sources, settings.backoff_s)
        self._desk = Desk(collector.name, self._sources, searching(collector.name))
        self._handed: SimpleQueue[Handed | None] = SimpleQueue()
        """None only wakes: it was told to stop, or requests wait."""
        self._intake = Intake(
            collector.name, self._desk, self._delivery, stop, wake=lambda: self._handed.put(None)
        )
        self._underway: dict[Reading, _Underway] = {}
        self._hung: dict[str, Reading] = {}
        self._last_started: Millis = 0

    def run(self) -> None:
        """Until every source is finished or `stop` is set. Raises Fatal."""
        try:
            self._delivery.load()
            self._hurry(self._desk.load(self._delivery.cursors().get(CHECKPOINT)))
            for letter in self._desk.give_up():
                self._delivery.owe("dead-letters", letter)
                self._delivery.follow(self._desk.cursor())
            Thread(target=self._wake_on_stop, daemon=True).start()
            while not self._stop.is_set() and (self._underway or self._schedule.next_at() is not None):
                self._begin_due()
                self._cut_late()
                self._take_next(self._patience_s())
            self._end_in_order()
        except Retryable as error:
            # Stopped while Kafka was away: what is not acknowledged is before no stored cursor, so it comes again.
            self._log.warning("stopped_unacknowledged", why=str(error))
        finally:
            for reading in self._underway:
                reading.cut()
            self._delivery.close()
            # Last, when what came in is either acknowledged or not: a webhook tells its senders which.
            if isinstance(self._collector, Holding):
                self._collector.close()

    def order(self, one: Ordered) -> None:
        """Take a request; may be called by any thread."""
        self._intake.put(one)

    def _hurry(self, sources: Sequence[str]) -> None:
        underway = {reading.source for reading in self._underway}
        for source in sources:
            if source not in underway:
                self._schedule.hurry(source, time.monotonic())

    def _wake_on_stop(self) -> None:
        self._stop.wait()
        self._handed.put(None)

    def _patience_s(self) -> float | None:
        """Seconds until something is due or late; None where nothing will be."""
        moments = [one.deadline for one in self._underway.values() if one.deadline is not None]
        next_at = self._schedule.next_at()
        if next_at is not None and len(self._underway) < self._collector.parallel:
            moments.append(next_at)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _begin_due(self) -> None:
        for source in self._schedule.due(time.monotonic()):
            if len(self._underway) >= self._collector.parallel:
                return
            self._schedule.begin(source)
            self._last_started = max(now_ms(), self._last_started + 1)
            owed = self._desk.next(source)
            asked = None if owed is None else Asked(owed.keywords)
            tally = Tally(self.name, source, self._last_started, owed, asked)
            hung = self._hung.pop(source, None)
            if hung is not None and hung.alive:
                self._hung[source] = hung
                self._finish(tally, Lasting("an earlier run still hangs"))
                continue
            reading = Reading(self._collector, source, self._delivery.cursors(), self._handed, asked)
            limit_s = self._collector.timeout_s
            deadline = None if limit_s is None else time.monotonic() + limit_s
            progress = ProgressLog(self._log.bind(source=source), self._settings.progress_s)
            self._underway[reading] = _Underway(tally, progress, deadline)
            reading.start()

    def _cut_late(self) -> None:
        """Tell runs that are late to stop; leave those alone that were told and did not."""
        now = time.monotonic()
        for reading, run in list(self._underway.items()):
            if run.deadline is None or now < run.deadline:
                continue
            if run.late is None:
                run.late = Retryable(f"cut: it took longer than {self._collector.timeout_s:g} s")
                run.deadline = now + _GRACE_S
                reading.halt()
            else:
                self._abandon(reading, run.late)

    def _abandon(self, reading: Reading, why: Retryable | None) -> None:
        run = self._underway.pop(reading)
        reading.cut()
        self._hung[reading.source] = reading
        self._finish(run.tally, why)

    def _take_next(self, patience_s: float | None) -> None:
        try:
            handed = self._handed.get(timeout=patience_s)
        except Empty:
            return
        if handed is None:
            if not self._stop.is_set():
                self._hurry(self._intake.take())
            return
        if handed.reading not in self._underway:
            return
        reading, what = handed.reading, handed.what
        run = self._underway[reading]
        problem: DenyutError | None = None
        try:
            if not isinstance(what, Ended):
                self._delivery.take(what, run.tally)
                run.progress.tell(run.tally)
                reading.go_on()
                return
            problem = self._decided(reading.source, what.error) or run.late
            if self._stop.is_set() and isinstance(problem, Retryable):
                # That it was told to stop says nothing about the source.
                run.tally.remark, problem = f"stopped: {problem}", None
            # Also after a failure: what these cursors follow is acknowledged.
            self._delivery.store(run.tally)
        except DenyutError as error:
            if self._stop.is_set() and isinstance(error, Retryable):
                raise
            problem = problem or error
            reading.cut()
        if isinstance(problem, Poison):
            # A cursor that cannot be stored, say: this source cannot go on, all others can.
            problem = Lasting(str(problem))
        del self._underway[reading]
        self._finish(run.tally, problem)

    def _decided(self, source: str, error: Exception | None) -> DenyutError | None:
        """What is to be done about `error`. The unexpected ends a collector, but not the other sources of one."""
        if error is None or isinstance(error, DenyutError):
            return error
        self._log.error("collector_broke", source=source, exc_info=error)
        told = f"{self._collector.name} broke on {source}: {type(error).__name__}: {error}"
        decided: DenyutError = Lasting(told) if len(self._sources) > 1 else Fatal(told)
        decided.__cause__ = error
        return decided

    def _finish(self, tally: Tally, problem: DenyutError | None) -> None:
        """Tell of a run that has ended and set when the next one is due. Raises Fatal; Retryable once stopped."""
        if self._stop.is_set():
            # Perhaps it was cut: who asked is answered after the next start.
            tally.owed = None
        run = tally.run(problem)
        self._counter.count(run)
        seconds = (run["ended_at"] - run["started_at"]) / 1000
        self._log.info(
            "run_ended",
            source=tally.source,
            outcome=run["outcome"],
            items=tally.items,
            published=tally.published,
            refused=tally.refused,
            seconds=seconds,
            per_s=round(tally.published / seconds, 1) if seconds else None,
        )
        try:
            self._delivery.owe("runs", run)
            if tally.owed is not None:
                self._desk.answered(tally.owed)
                self._delivery.follow(self._desk.cursor())
            self._delivery.tell()
        except Poison as error:
            problem = problem or Lasting(f"its run cannot be told of: {error}")
        except Retryable as error:
            if self._stop.is_set():
                raise
            problem = problem or error
        now = time.monotonic()
        if problem is None:
            self._schedule.succeeded(tally.source, now, self._collector.next_run_s(tally.source))
            if self._desk.next(tally.source):
                self._schedule.hurry(tally.source, now)
        elif isinstance(problem, Retryable):
            retry_s = round(self._schedule.failed(tally.source, now, problem), 1)
            self._log.warning("run_failed", source=tally.source, error=str(problem), retry_s=retry_s)
        else:
            raise problem

    def _end_in_order(self) -> None:
        """Let what is under way end, and leave alone what does not in time."""
        for reading in self._underway:
            reading.halt()
        deadline = time.monotonic() + self._settings.stop_grace_s
        while self._underway and (left_s := deadline - time.monotonic()) > 0:
            self._take_next(left_s)
        for run in self._underway.values():
            run.tally.remark = "stopped before it ended"
        for reading in list(self._underway):
            self._abandon(reading, None)
