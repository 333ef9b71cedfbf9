"""The ClickHouse sink: one loop that reads, stores ranges and commits, and a few threads that insert."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.access import check_access
from schemas.clients import consumer_config
from schemas.errors import Fatal, Retryable
from schemas.flow import step as flow_step
from schemas.positions import Owed
from schemas.registry import schema_ids
from sinks.clickhouse import preflight, telemetry
from sinks.clickhouse.assignment import begin, landed_topics, open_lane, record_topics, still_stands
from sinks.clickhouse.commits import commit, position
from sinks.clickhouse.fence import Fences
from sinks.clickhouse.landing import Clients, Landing, Step
from sinks.clickhouse.lane import Commit, Lane
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.targets import TARGETS
from sinks.dead_letters import DeadLetters
from sinks.ranges import Limits
from sinks.settings import ClickHouseSinkSettings

log = structlog.get_logger()

_POLL_S = 0.05
_POLL_RECORDS = 20_000
_LAST_INSERTS_S = 6.0
_START_WAIT_S = 1.0
_LAG_S = 1.0
_ASKED_S = 5.0
_RESUMED_BELOW = 0.75


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
        self._most_held = settings.sink_buffer_mb << 20
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
        group = flow_step("clickhouse").group(settings.topic_prefix)
        self._consumer = Consumer(
            {
                **consumer_config(settings, "sink-clickhouse", group),
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": settings.sink_session_timeout_ms,
                "heartbeat.interval.ms": settings.sink_session_timeout_ms // 5,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 20,
                "queued.max.messages.kbytes": 65_536,
                "log_level": 3,
            }
        )
        self._consumer.subscribe(
            list(self._topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def _turn(self) -> None:
        """Read what there is, then let every lane go as far as it can."""
        now = time.monotonic()
        for message in self._consumer.consume(_POLL_RECORDS, _POLL_S):
            if message.error() is None:
                self._lanes[message.topic(), message.partition()].positions.read(message, now)
            else:
                self._event(message)
        if self._failure is not None:
            raise self._failure
        self._fences.answer(self._consumer)
        now = time.monotonic()
        for lane in self._lanes.values():
            if not lane.opened:
                self._open(lane, now)
            if lane.work is not None and lane.work.done():
                self._finished(lane, now)
        self._prepare_lanes(now)
        self._commit(list(self._lanes.values()))
        for lane in self._lanes.values():
            if lane.may_insert(now):
                lane.work = self._insert(lane)
        self._regulate()
        if now >= self._lag_at:
            self._lag_at = now + _LAG_S
            self._measure()

    def _prepare_lanes(self, now: float) -> None:
        """Cut ranges for as many lanes as can insert, who waited longest first; meanwhile the others' ranges grow (ADR 16)."""
        busy = sum(lane.busy(now) for lane in self._lanes.values())
        for lane in sorted(self._lanes.values(), key=lambda one: one.finished_at):
            if lane.current is None and busy < self._settings.sink_insert_threads:
                lane.prepare(now)
                busy += lane.busy(now)

    def _measure(self) -> None:
        """Show how far each partition is behind, by the ends that fetches have brought: nothing is asked of Kafka."""
        for (topic, partition), lane in self._lanes.items():
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
            done = lane.positions.start if lane.committed is None else lane.committed
            telemetry.LAG.labels(topic, str(partition)).set(max(0, end - done))

    def _event(self, message: Any) -> None:
        error = message.error()
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- librdkafka's own codes are spelled so
            lane = self._lanes.get((message.topic(), message.partition()))
            if lane is not None:
                lane.positions.reached(message.offset())
        elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
            raise Fatal(
                f"{message.topic()}[{message.partition()}]: the committed offset is out of the topic's range: {error.str()}"
            )
        elif error.fatal():
            raise Fatal(f"Kafka: {error.str()}")
        else:
            log.warning("kafka_says", error=error.str())

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

    def _regulate(self) -> None:
        """Pause partitions that have two batches waiting, and all while too much waits in sum; polling goes on either way."""
        held = sum(lane.held_bytes for lane in self._lanes.values())
        telemetry.HELD.set(held)
        for lane in self._lanes.values():
            at = lane.positions
            full = at.buffered >= 2 * self._limits.rows or at.buffered_bytes >= 2 * self._limits.size
            room = at.buffered < self._limits.rows and at.buffered_bytes < self._limits.size
            # A replayed range must be read to its end, however long it is.
            if not lane.paused and not at.must_read and (full or held >= self._most_held):
                self._consumer.pause([TopicPartition(lane.landed.full_name, lane.partition)])
                lane.paused = True
            elif lane.paused and room and held < self._most_held * _RESUMED_BELOW:
                self._consumer.resume([TopicPartition(lane.landed.full_name, lane.partition)])
                lane.paused = False
        telemetry.PAUSED.set(sum(lane.paused for lane in self._lanes.values()))

    def _settle(self, lanes: list[Lane]) -> None:
        """Wait for inserts under way, a few seconds at most, and commit what is done; the rest stays stored."""
        deadline = time.monotonic() + _LAST_INSERTS_S
        left = {lane.work for lane in lanes if lane.work is not None}
        while left and time.monotonic() < deadline:
            self._fences.answer(self._consumer)
            left = wait(left, timeout=_POLL_S).not_done
        settled = [lane for lane in lanes if lane.work is None or lane.work.done()]
        for lane in settled:
            self._finished(lane, time.monotonic())
        self._commit([lane for lane in settled if lane.current is None])

    def _assigned(self, consumer: Any, partitions: list[TopicPartition]) -> None:
        try:
            lanes = self._until_known(partitions)
            for lane in lanes:
                self._lanes[lane.landed.full_name, lane.partition] = lane
            consumer.incremental_assign(
                [TopicPartition(x.landed.full_name, x.partition, x.positions.start) for x in lanes]
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
