"""How far every step of the flow has come: what its group has committed against what its inputs hold.

Asked through consumers that never join the groups: librdkafka's admin client has calls for the same that can bring the
process down while a coordinator loads (librdkafka issue 5040, and shared facts of this project).
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaException, TopicPartition

from schemas.clients import connection
from schemas.errors import Fatal, Retryable
from schemas.flow import Step
from schemas.positions import owes
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_NOBODY = "denyut-api-standings"
"""A group that nobody is in."""

Place = tuple[str, int]
"""(topic without its prefix, partition)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One input partition of a step; offsets as in Kafka."""

    topic: str
    partition: int
    committed: int
    """Where the step goes on; the first offset that is left where it never committed."""
    end: int
    """The last stable offset: below it everything is decided."""
    owes: bool
    """Whether it has outputs to publish or rows to insert for what it committed."""

    @property
    def lag(self) -> int:
        """Positions between the two; control records of transactions count."""
        return max(0, self.end - self.committed)


class Standings:
    """Blocking calls, one at a time; each raises Retryable where Kafka cannot tell within `timeout_s`."""

    def __init__(self, settings: KafkaSettings, timeout_s: float = 3.0) -> None:
        self._connection = connection(settings)
        self._prefix = settings.topic_prefix
        self._timeout_s = timeout_s
        self._consumers: dict[str, Any] = {}
        # A call that nobody waits for any more still runs in its thread: connections are not closed under it.
        self._asking = threading.Lock()

    def of(self, step: Step) -> list[Standing]:
        """Every input partition of the step."""
        with self._asking:
            return self._of(step)

    def _of(self, step: Step) -> list[Standing]:
        places = self._places(step.inputs)
        committed = self._committed(step.group(self._prefix), places)
        starts = self._offsets([at for at in places if committed[at][0] < 0], OFFSET_BEGINNING)
        ends = self._offsets(places, OFFSET_END)
        found = []
        for place in places:
            offset, metadata = committed[place]
            found.append(Standing(*place, starts.get(place, offset), ends[place], _owes(metadata)))
        return found

    def close(self) -> None:
        """Close the connections, once no call uses them."""
        with self._asking:
            self._close()

    def _close(self) -> None:
        for consumer in self._consumers.values():
            consumer.close()
        self._consumers.clear()

    def _places(self, topics: Sequence[str]) -> list[Place]:
        try:
            known = self._consumer(_NOBODY).list_topics(timeout=self._timeout_s).topics
        except KafkaException as error:
            raise Retryable(f"Kafka: {error.args[0].str()}") from error
        names = {topic: TOPICS[topic].full_name(self._prefix) for topic in topics}
        missing = sorted(topic for topic, name in names.items() if name not in known)
        if missing:
            raise Retryable(f"topics are missing: {', '.join(missing)}")
        return [(topic, number) for topic, name in names.items() for number in sorted(known[name].partitions)]

    def _offsets(self, places: Sequence[Place], which: int) -> dict[Place, int]:
        if not places:
            return {}
        # The times "beginning" and "end" ask for those offsets, as far as committed reading goes.
        asked = self._named(places, which)
        found = _told(lambda: self._consumer(_NOBODY).offsets_for_times(asked, timeout=self._timeout_s))
        return {self._place(at): at.offset for at in found}

    def _committed(self, group: str, places: Sequence[Place]) -> dict[Place, tuple[int, str]]:
        asked = self._named(places)
        found = _told(lambda: self._consumer(group).committed(asked, timeout=self._timeout_s))
        return {self._place(at): (at.offset, at.metadata or "") for at in found}

    def _named(self, places: Sequence[Place], *offset: int) -> list[TopicPartition]:
        return [
            TopicPartition(TOPICS[topic].full_name(self._prefix), number, *offset) for topic, number in places
        ]

    def _place(self, at: TopicPartition) -> Place:
        return at.topic.removeprefix(self._prefix), at.partition

    def _consumer(self, group: str) -> Any:
        consumer = self._consumers.get(group)
        if consumer is None:
            consumer = self._consumers[group] = Consumer(
                {
                    **self._connection,
                    "client.id": "denyut-api-standings",
                    "group.id": group,
                    # Of a group's offsets an open transaction of its owner must not make the answer wait.
                    "isolation.level": "read_committed" if group == _NOBODY else "read_uncommitted",
                    "enable.auto.commit": False,
                    "reconnect.backoff.max.ms": 500,
                    "log_level": 0,
                }
            )
        return consumer


def _told(call: Callable[[], list[Any]]) -> list[Any]:
    try:
        found = call()
    except KafkaException as error:
        raise Retryable(f"Kafka: {error.args[0].str()}") from error
    failed = next((at.error for at in found if at.error is not None), None)
    if failed is not None:
        raise Retryable(f"Kafka: {failed.str()}")
    return found


def _owes(metadata: str) -> bool:
    try:
        return owes(metadata)
    except Fatal:
        # Somebody else's commit tells nothing about what is owed.
        return False
