"""The deployment under test, and what the suite may do with it beyond asking."""

import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import jwt
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from schemas.topics import TOPICS
from tests.support.api import Api
from tests.support.broker import OwnBroker
from tests.support.mentions import Publisher, mention
from tests.support.sse import SseClient, SseEvent
from tests.support.until import until

Need = Literal["kafka", "api", "broker", "secret"]


@dataclass(frozen=True)
class Kafka:
    """Where its events may be written, to a topic that nobody else counts on."""

    bootstrap: str
    prefix: str
    publisher: Publisher


@dataclass
class Deployment:
    """Where it is; None of the others: that is not ours to touch, and checks that need it are skipped.

    `kafka`: its topics may be written to, cut and given partitions. `api`: its process may be killed and started. `broker`: the same.
    `secret`: tokens may be signed, as (secret, issuer).
    """

    url: str
    token: str | None = None
    kafka: Kafka | None = None
    api: Api | None = None
    broker: OwnBroker | None = None
    secret: tuple[str, str] | None = None
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def missing(self, needs: tuple[Need, ...]) -> list[Need]:
        """What of these it does not have."""
        return [one for one in needs if getattr(self, one) is None]

    @property
    def address(self) -> str:
        """Where it is now."""
        return self.api.url if self.api is not None else self.url

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def client(
        self,
        query: Mapping[str, str] | None = None,
        *,
        url: Callable[[], str] | None = None,
        follow: bool = False,
        on_event: Callable[[SseEvent], None] | None = None,
        keep: Callable[[Any], Any] | None = None,
    ) -> SseClient:
        """A client of its stream."""
        return SseClient(
            url or (lambda: self.address),
            query,
            follow=follow,
            headers=self.headers(),
            on_event=on_event,
            keep=keep,
        )

    def get(self, path: str) -> httpx.Response:
        """GET."""
        return httpx.get(self.address + path, headers=self.headers(), timeout=30, verify=False)

    def signed(self, seconds: float) -> str:
        """A token that ends in so many seconds."""
        assert self.secret is not None
        secret, issuer = self.secret
        ends = int(time.time() + seconds)
        given = {"iss": issuer, "aud": "denyut", "sub": "conformance", "exp": ends, "scope": "*"}
        return jwt.encode(given, secret, algorithm="HS256")

    def say(self, topic: "Subject", count: int, *, text: str = "x", partition: int | None = None) -> None:
        """Publish so many mentions of a subject in a transaction, spread over the partitions."""
        assert self.kafka is not None
        by_partition: dict[int, list[dict[str, Any]]] = {}
        for _ in range(count):
            number = next(topic.numbers)
            where = number % topic.partitions if partition is None else partition
            record = mention(
                next(self._numbers), id=f"{topic.name}:{number}", keywords=[topic.name], text=text
            )
            record |= {"origin_partition": where, "origin_offset": number}
            by_partition.setdefault(where, []).append(record)
            topic.said.append((where, number))
        for where, records in by_partition.items():
            self.kafka.publisher.publish(*records, partition=where)

    def expire(self) -> None:
        """Let retention take every mention that is there."""
        assert self.kafka is not None
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        name = TOPICS["mentions"].full_name(self.kafka.prefix)
        ends = [TopicPartition(name, number, -1) for number in range(self.partitions())]
        for future in admin.delete_records(ends).values():
            future.result(30)

    def partitions(self) -> int:
        """How many the topic of mentions has."""
        assert self.kafka is not None
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        name = TOPICS["mentions"].full_name(self.kafka.prefix)
        return len(admin.list_topics(name, timeout=60).topics[name].partitions)

    def add_partition(self) -> int:
        """Give that topic one more; its number."""
        assert self.kafka is not None
        publisher = self.kafka.publisher
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        name = TOPICS["mentions"].full_name(self.kafka.prefix)
        number = self.partitions()
        for future in admin.create_partitions([NewPartitions(name, number + 1)]).values():
            future.result(30)
        until(lambda: publisher.knows("mentions", number), "the new partition can be written to")
        return number


class Subject:
    """A keyword nobody else uses, so that what is said of it is all that a stream of it may show."""

    def __init__(self, deployment: Deployment) -> None:
        self.name = f"conformance-{uuid.uuid4().hex[:12]}"
        self.query = {"keyword": self.name}
        self.numbers = itertools.count()
        self.partitions = deployment.partitions() if deployment.kafka is not None else 1
        self.said: list[tuple[int, int]] = []
        """(partition, number) of each mention."""


def place(data: Any) -> Any:
    """Of a mention only its partition and number; of all else everything."""
    return (data["origin_partition"], data["origin_offset"]) if "origin_partition" in data else data
