"""What is kept of the last events is what Kafka would give: each once, in its order, from any position on that is covered."""

import json
import random
from typing import Any, NamedTuple

import pytest
from aiokafka import ConsumerRecord

from api.filters import Filter
from api.frames import Frame
from api.hub import Hub
from api.positions import Position, TopicPosition, Vector, decode
from api.recent import Recent
from api.replay import behind
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support.ears import listening
from tests.support.mentions import mention, trend

CODEC = Codec(PinnedIds())
EPOCH = b"abcd"
BOTH = Filter(("mentions", "trends"))
BEGIN = {"mentions": TopicPosition(EPOCH, (10, 20)), "trends": TopicPosition(EPOCH, (0,))}


def record(topic: str, partition: int, offset: int, value: bytes | None) -> Any:
    return ConsumerRecord(topic, partition, offset, 0, 0, b"k", value, None, 1, len(value or b""), ())


def hub(most: int = 1_000, most_bytes: int = 10_000_000) -> Hub:
    made = Hub(CODEC, Recent(CODEC, most, most_bytes))
    made.place(BEGIN)
    return made


class Said(NamedTuple):
    topic: str
    partition: int
    offset: int
    name: str
    language: str


def said(own: Hub, count: int, dice: random.Random) -> list[Said]:
    """Let it hand out so many records of all partitions, with gaps as markers make them; those that are events."""
    found: list[Said] = []
    for _ in range(count):
        topic, partition = dice.choice([("mentions", 0), ("mentions", 1), ("trends", 0)])
        offset = own.vector.offset(topic, partition) + dice.choice([0, 0, 0, 1, 3])
        number, language = partition * 1_000_000 + offset, dice.choice(["id", "en"])
        value: bytes | None = None
        if topic == "trends":
            name = f"w{number}"
            value = CODEC.encode("trend", trend("keyword", name))
        elif dice.random() < 0.9:
            one = mention(number, language=language)
            name, value = one["id"], CODEC.encode("mention", one)
        own.publish(topic, record(topic, partition, offset, value))
        if value is not None:
            found.append(Said(topic, partition, offset, name, language))
    return found


def given(own: Hub, wanted: Filter, start: Position) -> list[Frame]:
    """All that a client is given who was there."""
    vector, target = Vector(start), own.position(wanted.topics)
    frames: list[Frame] = []
    while left := behind(vector, target):
        assert own.recent.covers(left)
        frames += own.recent.frames(wanted, vector, target)
    assert vector.position(wanted.topics) == target
    return frames


def names(frames: list[Frame]) -> list[str]:
    """What the events are called, in their order."""
    found = []
    for one in frames:
        data = json.loads(one.data.partition(b"data: ")[2].partition(b"\n")[0])
        found.append(data["subject"] if "subject" in data else data["id"])
    return found


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_from_any_position_all_that_was_handed_out_since_comes_once_and_in_order(
    seed: int, asked: bool
) -> None:
    dice = random.Random(seed)
    own = hub()
    if asked:
        # Somebody listens, so that events are decoded as they come.
        own.join(listening(BOTH)[0])
    starts = [own.position(BOTH.topics)]
    events = []
    for _ in range(6):
        events += said(own, dice.randint(1, 150), dice)
        starts.append(own.position(BOTH.topics))
    for start in starts:
        got = names(given(own, BOTH, start))
        wanted = [one for one in events if one.offset >= start[one.topic].offsets[one.partition]]
        assert len(got) == len(wanted)
        for place in {(one.topic, one.partition) for one in wanted}:
            expected = [one.name for one in wanted if (one.topic, one.partition) == place]
            assert [name for name in got if name in set(expected)] == expected


def test_an_id_goes_on_exactly_after_its_event() -> None:
    own = hub()
    said(own, 120, random.Random(9))
    frames = given(own, BOTH, BEGIN)
    for number in (0, 7, len(frames) - 1):
        rest = given(own, BOTH, decode(frames[number].id))
        assert sorted(names(rest)) == sorted(names(frames[number + 1 :]))


def test_only_what_the_filter_matches_and_of_its_topics() -> None:
    own = hub()
    events = said(own, 200, random.Random(1))
    wanted = Filter(("mentions",), language=frozenset(["id"]))
    start = {"mentions": BEGIN["mentions"]}
    frames = given(own, wanted, start)
    assert len(frames) == sum(one.language == "id" for one in events if one.topic == "mentions")
    assert all(set(decode(one.id)) == {"mentions"} for one in frames)


def test_what_was_let_go_of_is_not_covered_and_the_rest_still_is() -> None:
    own = hub(most=50)
    dice = random.Random(2)
    before = own.position(BOTH.topics)
    said(own, 100, dice)
    assert len(own.recent) == 50
    assert not own.recent.covers(behind(Vector(before), own.position(BOTH.topics)))
    start = own.position(BOTH.topics)
    later = said(own, 40, dice)
    assert len(given(own, BOTH, start)) == len(later)
    # Many times over, as lists are made anew.
    for _ in range(60):
        start = own.position(BOTH.topics)
        later = said(own, 45, dice)
        assert len(given(own, BOTH, start)) == len(later)
        assert len(own.recent) == 50


def test_the_size_of_what_is_kept_is_bounded_too() -> None:
    own = hub(most_bytes=20_000)
    for number in range(30):
        value = CODEC.encode("mention", mention(number, text="x" * 5_000))
        own.publish("mentions", record("mentions", 0, 10 + number, value))
    assert 1 <= len(own.recent) <= 3
    assert own.recent.covers({("mentions", 0): 39})
    assert not own.recent.covers({("mentions", 0): 30})


def test_none_is_kept_where_none_is_wanted() -> None:
    own = hub(most=0)
    said(own, 20, random.Random(3))
    assert len(own.recent) == 0
    assert not own.recent.covers(behind(Vector(BEGIN), own.position(BOTH.topics)))


def test_a_partition_nobody_has_heard_of_and_a_hub_that_stands_elsewhere_cover_nothing_of_before() -> None:
    own = hub()
    said(own, 20, random.Random(4))
    assert not own.recent.covers({("mentions", 7): 0})
    own.place({"mentions": TopicPosition(b"efgh", (5, 5))})
    assert len(own.recent) == 0
    assert own.recent.covers({("mentions", 0): 5})
    assert not own.recent.covers({("mentions", 0): 4})
    assert not own.recent.covers({("trends", 0): 0})
