"""The spine's promise: whatever is killed, each recorded post is counted once, everywhere.

One test, because it is one story: replay everything as fast as possible while every process is killed with -9, then replay
it again, posts and prices, with a subscriber that is cut and reconnects all along.
"""

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

import schemas
from schemas.clients import PARTITIONER
from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.topics import MAX_POST_BYTES
from tests.support.alert_truth import assert_alerts, assert_recorded_alerts
from tests.support.chaos import kill_each
from tests.support.quick_bundle import quick_bundle
from tests.support.recorded import PRICES, STOCKNET, recorded_events, recorded_prices
from tests.support.rooms import Room
from tests.support.sse import SseClient
from tests.support.stack import Stack
from tests.support.truth import assert_bars, assert_exact

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1_200)]

CUTS = 5


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    # A replay that is killed and starts slowly is a silence: the clock would close the hour it was in, and what follows would be
    # measured against half an hour's count. The exact number of alerts is asked for here, so nothing is left to the clock.
    silence = {"DENYUT_IDLE_CLOSE_S": "600", "DENYUT_EVICT_IDLE_S": "600"}
    lanes = {"DENYUT_WORKERS": "2", "DENYUT_PARTITIONS": "4"}
    # Where a story is forgotten before it is of a topic, what waited of it is not counted: here none is.
    lanes["DENYUT_TOPIC_STORIES"] = "20000"
    quick = {"DENYUT_SENTIMENT_BUNDLE": str(quick_bundle())}
    stack = Stack(tmp_path / "data", {**lanes, **silence, **quick})
    stack.up()
    yield stack
    stack.down()


def test_every_post_is_counted_exactly_once_whatever_is_killed(stack: Stack, tmp_path: Path) -> None:
    events, posts = recorded_events(tmp_path)
    dice = random.Random()
    bad = with_bad_lines(events, tmp_path / f"bad-{events.name}")
    prices = recorded_prices(tmp_path)
    api = stack.api
    with closing_after(SseClient(api, {"topics": "mentions"}, follow=True)) as subscriber:
        replay = replay_killed_in_the_middle(stack, [bad, prices], posts)
        order = kill_each(
            stack, stack.processes(), lambda: len(cut(subscriber, dice).events), dice, posts // 20
        )
        print("killed, in order:", *order)
        assert all(process.restarts >= 1 for process in stack.processes().values())
        assert replay.wait(120) == 0
        produce_bad_records(stack)
        stack.wait(240)
        assert_all(stack, events, posts, prices)

        assert stack.start("producers", "replay", str(bad), str(prices), "--speed", "max").wait(120) == 0
        stack.wait(240)
        assert_all(stack, events, posts, prices)
        assert stack.value("SELECT count() FROM posts") >= 2 * posts
        stack.command("sinks", "proof", reaching=True)

        while subscriber.connections <= CUTS:
            cut(subscriber, dice, chance=1)
        subscriber.until(
            lambda: len(subscriber.of("mentions")) >= posts, "every mention at the subscriber", 60
        )
        beats = len(subscriber.of("heartbeat"))
        subscriber.until(
            lambda: len(subscriber.of("heartbeat")) > beats, "a heartbeat after the last mention", 60
        )
    seen = Counter(mention["id"] for mention in subscriber.of("mentions"))
    assert len(seen) == posts
    assert set(seen.values()) == {1}
    assert not subscriber.of("reset")


def assert_all(stack: Stack, events: Path, posts: int, prices: Path) -> None:
    assert_exact(stack, events, posts)
    assert_bars(stack, prices)
    assert_dead_letters(stack)
    assert_alerts(stack)
    if events == STOCKNET:
        assert_recorded_alerts(stack, prices=prices == PRICES)


@contextmanager
def closing_after(subscriber: SseClient) -> Iterator[SseClient]:
    """A subscriber that listens before anything is published, and is stopped at the end."""
    subscriber.connect().opened()
    try:
        yield subscriber
    finally:
        subscriber.stop()


def cut(subscriber: SseClient, dice: random.Random, chance: float = 0.1) -> SseClient:
    """Drop the subscriber's connection now and then; it comes back by itself."""
    if dice.random() < chance:
        before = subscriber.connections
        subscriber.cut()
        # The api itself may be down for a while: it was killed too.
        subscriber.until(lambda: subscriber.connections > before, "another connection", 60)
    return subscriber


def with_bad_lines(events: Path, copy: Path) -> Path:
    """The events with a malformed and an oversized line in their middle."""
    lines = events.read_text(encoding="utf-8").splitlines(keepends=True)
    middle = len(lines) // 2
    oversized = json.loads(lines[middle]) | {"id": "too_long", "text": "panjang " * (MAX_POST_BYTES // 8)}
    copy.write_text(
        "".join([*lines[:middle], '{"ts": "2015', "\n", json.dumps(oversized), "\n", *lines[middle:]])
    )
    return copy


def replay_killed_in_the_middle(stack: Stack, files: list[Path], posts: int) -> Room:
    """Start a replay, kill it with -9 once it has published something but not all, and start it again."""
    bootstrap = stack.kafka
    words = ("producers", "replay", *map(str, files), "--speed", "max")
    first = stack.start(*words)
    deadline = time.monotonic() + 60
    while not (published := positions(bootstrap)):
        assert time.monotonic() < deadline, "nothing was published"
        assert first.poll() is None, "the replay ended before it could be killed"
    first.kill()
    assert first.wait() == -signal.SIGKILL
    assert published < posts, "all was published before the replay could be killed"
    return stack.start(*words)


def positions(bootstrap: str) -> int:
    """How many records `posts` holds."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "positions"})
    try:
        return sum(
            consumer.get_watermark_offsets(TopicPartition("denyut.posts", number))[1] for number in range(4)
        )
    finally:
        consumer.close()


def produce_bad_records(stack: Stack) -> None:
    """Write to `posts` what no collector of ours would: bytes that are no record, and a record that is too large."""
    producer = Producer(
        {"bootstrap.servers": stack.kafka, "partitioner": PARTITIONER, "message.max.bytes": 1_100_000}
    )
    codec = Codec(PinnedIds())
    path = Path(schemas.__file__).parent / "examples" / "post" / "1" / "bare.json"
    post = json.loads(path.read_text(encoding="utf-8"))["record"]
    producer.produce("denyut.posts", b"\x01\x02 not a record", key=b"x:undecodable")
    producer.produce(
        "denyut.posts", codec.encode("post", post | {"text": "x" * (MAX_POST_BYTES + 1)}), key=b"x:large"
    )
    assert producer.flush(60) == 0


def assert_dead_letters(stack: Stack) -> None:
    """The four bad inputs, each known by one id however often it was read, and nothing else."""
    rows = stack.sql(
        "SELECT reason, stage, uniqExact(id) AS ids FROM dead_letters GROUP BY reason, stage ORDER BY reason, stage"
    )
    assert rows == [
        {"reason": "malformed", "stage": "replay", "ids": 1},
        {"reason": "oversized", "stage": "enrich", "ids": 1},
        {"reason": "oversized", "stage": "replay", "ids": 1},
        {"reason": "undecodable", "stage": "enrich", "ids": 1},
    ]
