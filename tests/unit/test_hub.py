from typing import Any

import pytest
from aiokafka import ConsumerRecord

from api.filters import Filter
from api.hub import Hub
from api.positions import TopicPosition, decode
from api.subscription import Subscription
from schemas.codec import Codec
from schemas.errors import Retryable
from schemas.registry import PinnedIds
from tests.support.mentions import mention, trend

CODEC = Codec(PinnedIds())
EPOCH = b"abcd"


def record(partition: int, offset: int, value: bytes | None) -> Any:
    return ConsumerRecord("mentions", partition, offset, 0, 0, b"k", value, None, 1, len(value or b""), ())


def hub() -> Hub:
    made = Hub(CODEC)
    made.place({"mentions": TopicPosition(EPOCH, (10, 20)), "trends": TopicPosition(EPOCH, (0,))})
    return made


def subscribed(to: Hub, wanted: Filter) -> Subscription:
    subscription = Subscription(wanted, 100, 100_000)
    to.join(subscription)
    return subscription


async def test_nobody_can_join_before_it_stands_somewhere() -> None:
    with pytest.raises(Retryable):
        Hub(CODEC).join(Subscription(Filter(("mentions",)), 1, 1))


async def test_a_subscription_gets_everything_after_the_position_it_joined_at() -> None:
    own = hub()
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    late = Subscription(Filter(("mentions",)), 100, 100_000)
    position = own.join(late)
    assert position == {"mentions": TopicPosition(EPOCH, (11, 20))}
    own.publish("mentions", record(1, 25, CODEC.encode("mention", mention(2))))
    (one,) = late.take()
    assert b'"id":"x:2"' in one.data
    assert decode(one.id)["mentions"].offsets == (11, 26)


async def test_ids_speak_of_the_topics_the_client_asked_for() -> None:
    own = hub()
    narrow, wide = subscribed(own, Filter(("mentions",))), subscribed(own, Filter(("mentions", "trends")))
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    assert set(decode(narrow.take()[0].id)) == {"mentions"}
    assert set(decode(wide.take()[0].id)) == {"mentions", "trends"}


async def test_filters_decide_and_equal_ones_share_the_bytes() -> None:
    own = hub()
    negative = frozenset(["negative"])
    first, second = (subscribed(own, Filter(("mentions",), sentiment=negative)) for _ in range(2))
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1, sentiment="positive"))))
    own.publish("mentions", record(0, 11, CODEC.encode("mention", mention(2, sentiment="negative"))))
    (one,), (other,) = first.take(), second.take()
    assert one is other
    own.publish("trends", record(0, 0, CODEC.encode("trend", trend("all", ""))))
    assert first.take() == []


async def test_what_cannot_be_read_is_passed() -> None:
    own = hub()
    subscription = subscribed(own, Filter(("mentions",)))
    for offset, value in ((10, b"junk"), (11, None), (12, CODEC.encode("trend", trend("all", "")))):
        own.publish("mentions", record(0, offset, value))
    assert subscription.take() == []
    assert own.position()["mentions"].offsets == (13, 20)


async def test_who_leaves_gets_no_more() -> None:
    own = hub()
    subscription = subscribed(own, Filter(("mentions",)))
    own.leave(subscription)
    own.leave(subscription)
    own.publish("mentions", record(0, 10, CODEC.encode("mention", mention(1))))
    assert subscription.take() == []


async def test_draining_closes_those_who_are_there_and_those_who_come() -> None:
    own = hub()
    early = subscribed(own, Filter(("mentions",)))
    own.drain()
    assert early.closed == "shutdown"
    assert subscribed(own, Filter(("mentions",))).closed == "shutdown"
