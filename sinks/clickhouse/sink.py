"""The ClickHouse sink: one loop that reads, stores ranges and commits, and a few threads that insert."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import structlog
from confluent_kafka import TopicPartition

from schemas.access import check_access
from schemas.errors import Fatal, Retryable
from schemas.positions import Owed
from schemas.registry import schema_ids
from sinks.clickhouse import preflight, telemetry
from sinks.clickhouse.assignment import begin, landed_topics, open_lane, record_topics, still_stands
from sinks.clickhouse.clients import Clients
from sinks.clickhouse.commits import commit, position
from sinks.clickhouse.fence import Fences
from sinks.clickhouse.landing import Landing, Step
from sinks.clickhouse.lane import Commit, Lane
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.pressure import Pressure
from sinks.clickhouse.reading import consumer, measure_lag, read, take_up
from sinks.clickhouse.targets import TARGETS
from sinks.clickhouse.turns import cut_next
from sinks.dead_letters import DeadLetters
from sinks.ranges import Limits
from sinks.settings import ClickHouseSinkSettings

log = structlog.get_logger()

_ASKED_OFTEN_S = 0.05
_LAST_INSERTS_S = 6.0
_START_WAIT_S = 1.0
_LAG_S = 1.0
_ASKED_S = 5.0


def nothing(_: str) -> None:
    """The step hook outside of tests."""


def create() -> "ClickHouseSink":
    """The sink as the environment describes it; raises pydantic's ValidationError."""
    return ClickHouseSink(ClickHouseSinkSettings())


class ClickHouseSink:
    """Lands every landed topic. Single-threaded but for the inserts, which are one per partition at a time."""

    def __init__(self, settings: ClickHouseSinkSettings, step: Step = nothing) -> None:
        self._settings = settings
        self._step = step
        self._clients = Clients(settings)
        self._limits = Limits(
            settings.sink_batch_rows, settings.sink_batch_mb << 20, settings.sink_linger_ms / 1000
        )
        self._pressure = Pressure(self._limits, settings.sink_buffer_mb << 20)
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._threads = ThreadPoolExecutor(settings.sink_insert_threads, thread_name_prefix="insert")
        self._fences = Fences()
        self._consumer: Any = None
        self._landing: Landing | None = None
        self._failure: BaseException | None = None
        self._lag_at = 0.0

    def run(self, stop: Event) -> None:
        """Land until `stop` is set."""
        self._patiently(stop, lambda: migrate(self._settings))
        self._patiently(stop, self._prepare)
        if stop.is_set():
            return
        log.info("sink_ready", sink="clickhouse", topics=len(self._topics))
        try:
            while not stop.is_set():
                self._turn()
            self._settle(list(self._lanes.values()))
        finally:
            self._consumer.close()
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._clients.close()

    def _patiently(self, stop: Event, act: Callable[[], object]) -> None:
        """Try again while what it needs is not there yet."""
        while not stop.is_set():
            try:
                act()
            except Retryable as error:
                log.warning("sink_waits", reason=str(error)[:300])
                stop.wait(_START_WAIT_S)
            else:
                return

    def _prepare(self) -> None:
        settings = self._settings
        check_access(settings)
        self._topics = landed_topics(settings)
        telemetry.begin(
            {landed.name: landed.table for landed in self._topics.values()},
            [target.table for target in TARGETS],
        )
        with self._clients.one() as client:
            preflight.check(client, settings.clickhouse_database)
        record_topics(self._clients, self._topics)
        self._landing = Landing(
            self._clients,
            schema_ids(settings),
            DeadLetters(settings, "clickhouse"),
            settings.tolerance(),
            self._step,
        )
        self._consumer = consumer(settings)
        self._consumer.subscribe(
            list(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def _turn(self) -> None:
        """Read what there is, then let every lane go as far as it can."""
        read(self._consumer, self._lanes, time.monotonic())
        if self._failure is not None:
            raise self._failure
        self._fences.answer(self._consumer)
        now = time.monotonic()
        for lane in self._lanes.values():
            if not lane.opened:
                self._open(lane, now)
            if lane.work is not None and lane.work.done():
                self._finished(lane, now)
        cut_next(self._lanes.values(), self._settings.sink_insert_threads, now, flush=self._pressure.full)
        self._commit(list(self._lanes.values()))
        for lane in self._lanes.values():
            if lane.may_insert(now):
                lane.work = self._insert(lane)
        self._pressure.regulate(self._consumer, self._lanes.values())
        if now >= self._lag_at:
            self._lag_at = now + _LAG_S
            measure_lag(self._consumer, self._lanes.values())

    def _open(self, lane: Lane, now: float) -> None:
        """Have the lane opened by another thread: a ClickHouse that does not answer must not keep us from polling."""
        if lane.opening is None:
            if now >= lane.not_before:
                lane.opening = self._threads.submit(open_lane, lane, self._clients)
            return
        if not lane.opening.done():
            return
        opening, lane.opening = lane.opening, None
        try:
            lane.opened = self._opened(lane, opening)
        except Retryable as error:
            log.warning("sink_waits", reason=str(error)[:300])
        if not lane.opened:
            lane.not_before = now + _START_WAIT_S

    def _opened(self, lane: Lane, opening: "Future[None]") -> bool:
        """Whether the lane may begin; raises what opening it raised, unless that was said of somebody else's rows."""
        try:
            opening.result()
        except Fatal:
            if still_stands(self._consumer, lane, _ASKED_S):
                raise
            # We slept through our session: the rows are our successor's, and the partition will be taken away.
            log.warning("partition_has_moved_on", topic=lane.landed.full_name, partition=lane.partition)
            return False
        return True

    def _finished(self, lane: Lane, now: float) -> None:
        error = lane.finish(now, self._settings.sink_backoff_s)
        if error is not None:
            telemetry.FAILURES.labels(lane.landed.table).inc()
            log.warning(
                "insert_failed",
                topic=lane.landed.full_name,
                partition=lane.partition,
                again_in_s=round(lane.not_before - now, 1),
                error=str(error)[:300],
            )

    def _commit(self, lanes: list[Lane]) -> bool:
        return commit(self._consumer, lanes, self._step)

    def _insert(self, lane: Lane) -> "Future[Sequence[Owed]]":
        if self._landing is None or lane.current is None:
            raise Fatal("a lane without a range was to insert")
        cut = lane.current
        stored = Commit(cut.start, lane.stored)

        def fence() -> None:
            self._fences.check(position(lane, stored), lambda: not lane.given_up)

        return self._threads.submit(self._landing.land, lane.landed, lane.partition, cut, fence)

    def _settle(self, lanes: list[Lane]) -> None:
        """Wait for inserts under way, a few seconds at most, and commit what is done; the rest stays stored."""
        deadline = time.monotonic() + _LAST_INSERTS_S
        left = {lane.work for lane in lanes if lane.work is not None}
        while left and time.monotonic() < deadline:
            self._fences.answer(self._consumer)
            left = wait(left, timeout=_ASKED_OFTEN_S).not_done
        settled = [lane for lane in lanes if lane.work is None or lane.work.done()]
        for lane in settled:
            self._finished(lane, time.monotonic())
        self._commit([lane for lane in settled if lane.current is None])

    def _assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        try:
            lanes = self._until_known(partitions)
            for lane in lanes:
                self._lanes[lane.landed.full_name, lane.partition] = lane
            take_up(
                consumer,
                [TopicPartition(x.landed.full_name, x.partition, x.positions.start) for x in lanes],
            )
        except Fatal as error:
            self._failure = error
        log.info("partitions_assigned", now=len(self._lanes))

    def _until_known(self, partitions: list[TopicPartition]) -> list[Lane]:
        while True:
            try:
                return begin(self._consumer, partitions, self._topics, self._limits)
            except Retryable as error:
                log.warning("sink_waits", reason=str(error)[:300])
                time.sleep(_START_WAIT_S)

    def _revoked(self, _: Any, partitions: list[TopicPartition]) -> None:
        lanes = self._drop(partitions)
        try:
            self._settle(lanes)
        except Fatal as error:
            self._failure = error
        finally:
            for lane in lanes:
                lane.given_up = True
        log.info("partitions_revoked", now=len(self._lanes))

    def _lost(self, _: Any, partitions: list[TopicPartition]) -> None:
        for lane in self._drop(partitions):
            lane.given_up = True
        log.warning("partitions_lost", now=len(self._lanes))

    def _drop(self, partitions: list[TopicPartition]) -> list[Lane]:
        dropped = [self._lanes.pop((found.topic, found.partition), None) for found in partitions]
        held = [lane for lane in dropped if lane is not None]
        for lane in held:
            telemetry.LAG.remove(lane.landed.full_name, str(lane.partition))
        return held
