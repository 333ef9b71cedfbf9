"""Whatever is cut or killed, a subscriber has seen every committed mention exactly once, in the order of its partition."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner

from api.catalogue import LIVE
from tests.support.api import Api
from tests.support.broker import Broker, OwnBroker
from tests.support.mentions import Publisher, mention
from tests.support.sse import SseClient
from tests.support.topics import create_topics

pytestmark = pytest.mark.kafka

SENTIMENTS = ("positive", "negative", "neutral")


class Feed(threading.Thread):
    """Publishes numbered mentions in transactions of random size until told to stop; every fifth is aborted."""

    def __init__(self, publisher: Publisher, seed: int) -> None:
        super().__init__(daemon=True)
        self._publisher = publisher
        self._dice = random.Random(seed)
        self._ending = threading.Event()
        self.committed: list[dict[str, Any]] = []
        self.error: Exception | None = None

    def run(self) -> None:
        number = 0
        try:
            while not self._ending.wait(self._dice.uniform(0, 0.02)):
                batch = []
                for _ in range(self._dice.randint(1, 12)):
                    batch.append(mention(number, sentiment=SENTIMENTS[number % 3]))
                    number += 1
                abort = self._dice.random() < 0.2
                self._publisher.publish(*batch, abort=abort)
                if not abort:
                    self.committed += batch
        except Exception as error:  # noqa: BLE001 -- told to the test, which fails with it
            self.error = error

    def finish(self) -> None:
        self._ending.set()
        self.join(60)
        assert self.error is None

    def ids(self, sentiment: str | None = None) -> list[str]:
        return [one["id"] for one in self.committed if sentiment in (None, one["sentiment"])]


@contextmanager
def running(api: Api) -> Iterator[Api]:
    api.start()
    try:
        yield api
    finally:
        api.stop()


def partition_of(key: str) -> int:
    """As every producer of ours partitions: murmur2, 4 partitions."""
    return int(DefaultPartitioner()(key.encode(), list(range(4)), list(range(4))))


def check(client: SseClient, wanted: list[str]) -> None:
    """Exactly once, and numbers grow within each partition (which a key decides)."""
    client.expect("mentions", len(wanted))
    client.stop()
    seen = [one["id"] for one in client.of("mentions")]
    assert len(seen) == len(set(seen))
    assert sorted(seen) == sorted(wanted)
    assert client.of("reset") == []
    assert all(event.id for event in client.events)
    order = [one["origin_offset"] for one in client.of("mentions")]
    for partition in range(4):
        own = [offset for offset, key in zip(order, seen, strict=True) if partition_of(key) == partition]
        assert own == sorted(own)


@pytest.mark.parametrize("kept", [2_000, 20])
def test_random_cuts(kept: int, kafka: Broker, prefix: str, tmp_path: Path) -> None:
    """Replayed from memory, or from memory where that is enough and else from Kafka."""
    create_topics(kafka.bootstrap, prefix, LIVE)
    dice = random.Random(20_151_117)
    feed = Feed(Publisher(kafka.bootstrap, prefix), 1)
    own = {"stream_heartbeat_s": 0.2, "stream_recent_events": kept}
    with running(Api(kafka.bootstrap, prefix, tmp_path / "api.log", **own)) as api:
        every, some = (
            SseClient(api.url).connect().opened(),
            SseClient(api.url, {"sentiment": "negative"}).connect().opened(),
        )
        feed.start()
        for _ in range(60):
            client = dice.choice([every, some])
            # Sometimes in the middle of an event, a replay or an opening.
            threading.Event().wait(dice.choice([0, 0.005, 0.02, 0.1, 0.3]))
            client.cut()
            threading.Event().wait(dice.choice([0, 0, 0.05, 0.4]))
            client.connect()
        feed.finish()
        check(every, feed.ids())
        check(some, feed.ids("negative"))
    assert len(feed.committed) > 300


def test_the_api_killed_and_a_new_one_serves_the_old_ids(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix, LIVE)
    feed = Feed(Publisher(kafka.bootstrap, prefix), 2)
    with running(Api(kafka.bootstrap, prefix, tmp_path / "api.log", stream_heartbeat_s=0.2)) as api:
        clients = [SseClient(api.url, follow=True).connect().opened() for _ in range(3)]
        feed.start()
        for _ in range(3):
            seen = len(clients[0].of("mentions"))
            clients[0].expect("mentions", seen + 31)
            api.kill()
            api.start()
        feed.finish()
        for client in clients:
            check(client, feed.ids())
            assert client.connections >= 4


@pytest.mark.chaos
def test_the_broker_killed_under_live_and_replaying_clients(prefix: str, tmp_path: Path) -> None:
    broker = OwnBroker(tmp_path / "kafka")
    broker.start()
    try:
        create_topics(broker.bootstrap, prefix, LIVE)
        feed = Feed(Publisher(broker.bootstrap, prefix, prefix), 3)
        with running(Api(broker.bootstrap, prefix, tmp_path / "api.log", stream_heartbeat_s=0.2)) as api:
            live = SseClient(api.url, follow=True).connect().opened()
            start = live.last_id
            feed.start()
            live.until(lambda: len(live.of("mentions")) > 100, "some mentions")
            feed.finish()
            broker.kill()
            replaying = SseClient(api.url, follow=True)
            replaying.connect(start)
            broker.start()
            # A commit is acknowledged before its markers are written; killed in between, the broker waits for a successor.
            again = Feed(Publisher(broker.bootstrap, prefix, prefix), 4)
            again.start()
            live.until(lambda: len(live.of("mentions")) > len(feed.committed) + 100, "more mentions")
            again.finish()
            # The second feed counts from 0 again: the same ids in other records.
            for client in (live, replaying):
                client.expect("mentions", len(feed.committed) + len(again.committed))
                client.stop()
                got = sorted((one["id"], one["event_at"]) for one in client.of("mentions"))
                assert got == sorted(
                    (one["id"], one["event_at"]) for one in [*feed.committed, *again.committed]
                )
            assert api.get("/health").json().get("failing") in (None, ["clickhouse"])
    finally:
        broker.stop()


def test_who_comes_back_is_served_from_memory_where_that_reaches_also_right_after_a_restart(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix, LIVE)
    publisher = Publisher(kafka.bootstrap, prefix)
    api = Api(kafka.bootstrap, prefix, tmp_path / "api.log", stream_heartbeat_s=0.2, stream_recent_events=200)

    def counted(name: str) -> float:
        lines = api.get("/metrics").text.splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name))

    def back(last_id: str, wanted: range, of_memory: int) -> None:
        """Who comes back with an id gets these, so many of them from memory."""
        before = counted("denyut_stream_recent_total"), counted("denyut_stream_replayed_total")
        client = SseClient(api.url).connect(last_id).expect("mentions", len(wanted))
        beats = len(client.of("heartbeat"))
        client.expect("heartbeat", beats + 1).stop()
        assert sorted(one["id"] for one in client.of("mentions")) == sorted(f"x:{n}" for n in wanted)
        assert counted("denyut_stream_recent_total") - before[0] == of_memory
        assert counted("denyut_stream_replayed_total") - before[1] == len(wanted)

    with running(api):
        first = SseClient(api.url).connect().opened()
        begun = first.last_id
        publisher.publish(*[mention(number) for number in range(150)])
        first.expect("mentions", 150)
        back(begun, range(150), 150)
        publisher.publish(mention(-1), abort=True)
        publisher.publish(*[mention(number) for number in range(150, 300)])
        first.expect("mentions", 300)
        # Some of it has been let go of, so all of it is read from Kafka.
        back(begun, range(300), 0)
        first.stop()
        last = first.last_id
        publisher.publish(*[mention(number) for number in range(300, 310)])
    with running(api):
        # A share of what is kept for each partition, of which those of mentions are four.
        back(last, range(300, 310), 10)
        back(begun, range(310), 0)
