"""How far every step of the flow has come: committed offsets against the last stable offsets of its inputs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from schemas.clients import connection
from schemas.errors import Retryable
from schemas.flow import FLOW, Step
from schemas.positions import owes
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_POLL_S = 0.2
_NOBODY = "denyut-progress"
"""A group that nobody is in."""


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
    """Reads standings from a broker; every method raises Retryable where Kafka does not answer in time.

    It uses consumers that never join their groups, whose calls wait for their answers. librdkafka's admin client
    has calls for the same, but in 2.16.0 they bring the process down where Kafka is busy or just starting:
    ListConsumerGroupOffsets while the group's coordinator loads (rd_kafka_handle_OffsetFetch reaches for a consumer
    group that an admin client does not have), others when an answer comes after their time.
    """

    def __init__(self, settings: KafkaSettings, timeout_s: float = 10.0) -> None:
        self._settings = settings
        self._prefix = settings.topic_prefix
        self._timeout_s = timeout_s
        self._consumers: dict[tuple[str, str], Any] = {}

    def standings(self, step: Step) -> list[Standing]:
        """Every input partition of `step`."""
        partitions = self._partitions([TOPICS[name].full_name(self._prefix) for name in step.inputs])
        committed = self._committed(step.group(self._prefix), partitions)
        fresh = [at for at in partitions if committed[at][0] < 0]
        earliest = self._offsets(fresh, OFFSET_BEGINNING)
        stable = self._offsets(partitions, OFFSET_END)
        # Asked after the stable ones: what ends between the two shows as open, never as finished.
        ends = self._offsets(partitions, OFFSET_END, "read_uncommitted")
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
        return sum(
            self._offsets(self._partitions([TOPICS[name].full_name(self._prefix)]), OFFSET_END).values()
        )

    def _partitions(self, topics: Sequence[str]) -> list[tuple[str, int]]:
        try:
            known = self._consumer(_NOBODY, "read_committed").list_topics(timeout=self._timeout_s).topics
        except KafkaException as error:
            raise Retryable(f"Kafka does not answer: {error.args[0].str()}") from error
        missing = [topic for topic in topics if topic not in known]
        if missing:
            raise Retryable(f"topics are missing: {', '.join(missing)}")
        return [(topic, partition) for topic in topics for partition in sorted(known[topic].partitions)]

    def _offsets(
        self, partitions: Sequence[tuple[str, int]], which: int, isolation: str = "read_committed"
    ) -> dict[tuple[str, int], int]:
        if not partitions:
            return {}
        # The times "beginning" and "end" ask for those offsets, as far as the isolation level lets one see.
        asked = [TopicPartition(topic, partition, which) for topic, partition in partitions]
        found = self._ask(
            lambda: self._consumer(_NOBODY, isolation).offsets_for_times(asked, timeout=self._timeout_s)
        )
        return {(at.topic, at.partition): at.offset for at in found}

    def _committed(
        self, group: str, partitions: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[int, str]]:
        # Read uncommitted, so that an open transaction of the group's owner does not make the answer wait.
        consumer = self._consumer(group, "read_uncommitted")
        asked = [TopicPartition(topic, partition) for topic, partition in partitions]
        found = self._ask(lambda: consumer.committed(asked, timeout=self._timeout_s))
        return {(at.topic, at.partition): (at.offset, at.metadata or "") for at in found}

    def _consumer(self, group: str, isolation: str) -> Any:
        consumer = self._consumers.get((group, isolation))
        if consumer is None:
            consumer = self._consumers[group, isolation] = Consumer(
                {
                    **connection(self._settings),
                    "group.id": group,
                    "isolation.level": isolation,
                    "enable.auto.commit": False,
                    "reconnect.backoff.max.ms": 500,
                    "log_level": 0,
                }
            )
        return consumer

    @staticmethod
    def _ask(call: Callable[[], list[Any]]) -> list[Any]:
        try:
            found = call()
        except KafkaException as error:
            raise Retryable(f"Kafka does not answer: {error.args[0].str()}") from error
        failed = next((at.error for at in found if at.error is not None), None)
        if failed is not None:
            raise Retryable(f"Kafka does not answer: {failed.str()}")
        return found


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
