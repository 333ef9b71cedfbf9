"""How far every step of the flow has come: committed offsets against the last stable offsets of its inputs."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from schemas.errors import Retryable
from schemas.flow import FLOW, Step
from schemas.positions import owes
from schemas.topics import TOPICS

_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """One input partition of one step; offsets as in Kafka, `stable` is the last stable offset."""

    topic: str
    partition: int
    committed: int
    """Where the step continues; the first offset that is left where it never committed."""
    stable: int
    owes: bool
    """Whether it still has outputs to publish or rows to insert for what it committed."""
    end: int
    """Where the partition ends; beyond `stable` while a transaction is open."""

    @property
    def lag(self) -> int:
        """Positions between the two; control records of transactions count."""
        return max(0, self.stable - self.committed)

    @property
    def done(self) -> bool:
        """Whether nothing is left to do.

        An open transaction is something left: a commit is acknowledged before its markers are written, so
        that for a moment an input looks finished although its next records are on their way.
        """
        return self.lag == 0 and not self.owes and self.end <= self.stable

    def __str__(self) -> str:
        debt = ", with outputs still to come" if self.owes else ""
        if self.end > self.stable:
            debt += ", with a transaction open"
        return f"{self.topic}/{self.partition} at {self.committed} of {self.stable}{debt}"


class Progress:
    """Reads standings from a broker; every method raises Retryable where Kafka does not answer in time."""

    def __init__(self, bootstrap: str, prefix: str, timeout_s: float = 10.0) -> None:
        self._admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self._bootstrap = bootstrap
        self._consumers: dict[str, Any] = {}
        self._timeout_s = timeout_s
        self._prefix = prefix

    def standings(self, step: Step) -> list[Standing]:
        """Every input partition of `step`."""
        partitions = self._partitions([TOPICS[name].full_name(self._prefix) for name in step.inputs])
        committed = self._committed(step.group(self._prefix), partitions)
        fresh = [at for at in partitions if committed[at][0] < 0]
        earliest = self._offsets(fresh, OffsetSpec.earliest())
        stable = self._offsets(partitions, OffsetSpec.latest())
        # Asked after the stable ones: what ends between the two shows as open, never as finished.
        ends = self._offsets(partitions, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED)
        standings = []
        for at in partitions:
            offset, metadata = committed[at]
            start = earliest[at] if offset < 0 else offset
            standings.append(Standing(*at, start, stable[at], owes(metadata), ends[at]))
        return standings

    def lag(self, step: Step) -> int:
        """Positions that `step` is behind in all its inputs together."""
        return sum(standing.lag for standing in self.standings(step))

    def ends(self, name: str) -> int:
        """The sum of the last stable offsets of a topic of the catalogue."""
        partitions = self._partitions([TOPICS[name].full_name(self._prefix)])
        return sum(self._offsets(partitions, OffsetSpec.latest()).values())

    def _partitions(self, topics: Sequence[str]) -> list[tuple[str, int]]:
        try:
            known = self._admin.list_topics(timeout=self._timeout_s).topics
        except KafkaException as error:
            raise Retryable(f"Kafka does not answer: {error.args[0].str()}") from error
        missing = [topic for topic in topics if topic not in known]
        if missing:
            raise Retryable(f"topics are missing: {', '.join(missing)}")
        return [(topic, partition) for topic in topics for partition in sorted(known[topic].partitions)]

    def _offsets(
        self,
        partitions: Sequence[tuple[str, int]],
        spec: OffsetSpec,
        isolation: IsolationLevel = IsolationLevel.READ_COMMITTED,
    ) -> dict[tuple[str, int], int]:
        if not partitions:
            return {}
        asked = {TopicPartition(topic, partition): spec for topic, partition in partitions}
        answers = self._admin.list_offsets(asked, isolation_level=isolation, request_timeout=self._timeout_s)
        return {(at.topic, at.partition): self._result(future).offset for at, future in answers.items()}

    def _committed(
        self, group: str, partitions: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[int, str]]:
        # A consumer of the group that never joins it. The admin client has a call for this, but librdkafka
        # 2.16.0 crashes the process in it when the group's coordinator is just loading or moving
        # (rd_kafka_handle_OffsetFetch reaches for the consumer group that an admin client does not have).
        consumer = self._consumers.get(group)
        if consumer is None:
            # Read uncommitted, so that an open transaction of the group's owner does not make the answer wait.
            consumer = Consumer(
                {
                    "bootstrap.servers": self._bootstrap,
                    "group.id": group,
                    "isolation.level": "read_uncommitted",
                    "enable.auto.commit": False,
                    "log_level": 0,
                }
            )
            self._consumers[group] = consumer
        asked = [TopicPartition(topic, partition) for topic, partition in partitions]
        try:
            found = consumer.committed(asked, timeout=self._timeout_s)
        except KafkaException as error:
            raise Retryable(f"Kafka does not answer: {error.args[0].str()}") from error
        failed = next((at.error for at in found if at.error is not None), None)
        if failed is not None:
            raise Retryable(f"Kafka does not answer: {failed.str()}")
        return {(at.topic, at.partition): (at.offset, at.metadata or "") for at in found}

    def _result(self, future: "Future[Any]") -> Any:
        try:
            return future.result(self._timeout_s + 1)
        except (KafkaException, TimeoutError) as error:
            raise Retryable(f"Kafka does not answer: {error}") from error


def wait(progress: Progress, timeout_s: float) -> str | None:
    """Wait until every step, in the order of the flow and twice over, has nothing left; None, or what lags.

    Twice, because what a step publishes at the end of its work is new work for one before or beside it.
    """
    deadline = time.monotonic() + timeout_s
    for step in (*FLOW, *FLOW):
        while (behind := _behind(progress, step)) is not None:
            if time.monotonic() >= deadline:
                return f"{step.name} lags: {behind}"
            time.sleep(_POLL_S)
    return None


def _behind(progress: Progress, step: Step) -> str | None:
    try:
        late = [standing for standing in progress.standings(step) if not standing.done]
    except Retryable as error:
        return str(error)
    if not late:
        return None
    worst = max(late, key=lambda standing: (standing.lag, standing.owes))
    return f"{worst} ({sum(standing.lag for standing in late):,} behind in {len(late)} partitions)"
