from typing import Any

import pytest
from aiokafka import ConsumerRecord

from api.filters import Filter
from api.hub import Hub
from api.positions import TopicPosition, decode
from schemas.codec import Codec
from schemas.errors import Retryable
from schemas.registry import PinnedIds
from tests.support.ears import ALL, Ear, hub_of, listening
from tests.support.mentions import mention, trend

CODEC = Codec(PinnedIds())
EPOCH = b"abcd"


def record(partition: int, offset: int, value: bytes | None) -> Any:
    return ConsumerRecord("mentions", partition, offset, 0, 0, b"k", value, None, 1, len(value or b""), ())


def hub() -> Hub:
    made = hub_of(CODEC)
    made.place({"mentions": TopicPosition(EPOCH, (10, 20)), "trends": TopicPosition(EPOCH, (0,))})
    return made


def subscribed(to: Hub, wanted: Filter) -> Ear:
    subscription, ear = listening(wanted)
    to.join(subscription)
    return ear


async def test_nobody_can_join_before_it_stands_somewhere() -> None:
    with pytest.raises(Retryable):
        hub_of(CODEC).join(listening()[0])


async def test_a_subscription_gets_everything_after_the_position_it_joined_at() -> None:
    own = hub()
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    late, ear = listening()
    position = own.join(late)
    assert position == {"mentions": TopicPosition(EPOCH, (11, 20))}
    own.publish("mentions", record(1, 25, CODEC.encode("mention", mention(2))))
    own.flush()
    (one,) = ear.frames
    assert b'"id":"x:2"' in one.data
    assert decode(one.id)["mentions"].offsets == (11, 26)


async def test_ids_speak_of_the_topics_the_client_asked_for() -> None:
    own = hub()
    narrow, wide = subscribed(own, ALL), subscribed(own, Filter(("mentions", "trends")))
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    own.flush()
    assert set(decode(narrow.last_id)) == {"mentions"}
    assert set(decode(wide.last_id)) == {"mentions", "trends"}


async def test_filters_decide_and_equal_ones_share_the_write() -> None:
    own = hub()
    negative = frozenset(["negative"])
    first, second = (subscribed(own, Filter(("mentions",), sentiment=negative)) for _ in range(2))
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1, sentiment="positive"))))
    own.publish("mentions", record(0, 11, CODEC.encode("mention", mention(2, sentiment="negative"))))
    own.publish("trends", record(0, 0, CODEC.encode("trend", trend("all", ""))))
    own.flush()
    (one,), (other,) = first.batches, second.batches
    assert one is other
    assert len(one.frames) == 1


async def test_what_cannot_be_read_is_passed() -> None:
    own = hub()
    ear = subscribed(own, ALL)
    for offset, value in ((10, b"junk"), (11, None), (12, CODEC.encode("trend", trend("all", "")))):
        own.publish("mentions", record(0, offset, value))
    own.flush()
    assert ear.frames == []
    assert own.position()["mentions"].offsets == (13, 20)


async def test_who_leaves_gets_no_more() -> None:
    own = hub()
    subscription, ear = listening()
    own.join(subscription)
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    own.leave(subscription)
    own.leave(subscription)
    own.publish("mentions", record(0, 11, CODEC.encode("mention", mention(2))))
    own.flush()
    assert ear.frames == []
    assert list(own) == []


async def test_all_that_was_published_is_handed_out_before_all_are_closed() -> None:
    own = hub()
    subscription, ear = listening()
    own.join(subscription)
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    own.close_all("behind")
    assert len(ear.frames) == 1
    assert subscription.closed == "behind"


async def test_who_joins_while_it_drains_is_closed() -> None:
    own = hub()
    own.draining = True
    subscription, _ = listening()
    own.join(subscription)
    assert subscription.closed == "shutdown"


async def test_conflated_only_the_newest_of_a_key_is_written_in_a_turn() -> None:
    own = hub()
    subscription, ear = listening(conflate=True)
    own.join(subscription)
    everything = subscribed(own, ALL)
    for offset in (10, 11, 12):
        own.publish("mentions", record(0, offset, CODEC.encode("mention", mention(offset))))
    own.flush()
    assert [decode(one.id)["mentions"].offsets[0] for one in ear.frames] == [13]
    assert len(everything.frames) == 3


async def test_more_than_a_turn_should_hold_is_handed_out_at_once() -> None:
    own = hub()
    ear = subscribed(own, ALL)
    value = CODEC.encode("mention", mention(1))
    for offset in range(10, 510):
        own.publish("mentions", record(0, offset, value))
    assert len(ear.frames) == 500
