import asyncio
import time
from typing import Any

from api.filters import Filter
from api.hub import Hub
from api.positions import TopicPosition, decode
from api.pulse import Pulse
from api.settings import ApiSettings
from api.subscription import LOW_WATER, Subscription
from schemas.codec import Codec
from schemas.registry import PinnedIds
from tests.support.ears import Ear, hub_of, listening
from tests.support.mentions import mention
from tests.unit.test_hub import CODEC, EPOCH, record


def made(**settings: Any) -> tuple[Hub, Pulse]:
    hub = hub_of(Codec(PinnedIds()))
    hub.place({"mentions": TopicPosition(EPOCH, (10, 20)), "trends": TopicPosition(EPOCH, (0,))})
    return hub, Pulse(ApiSettings.model_validate({"clickhouse_reader_password": "none", **settings}), hub)


def joined(hub: Hub, pulse: Pulse, **how: Any) -> tuple[Subscription, Ear]:
    subscription, ear = listening(**how)
    hub.join(subscription)
    pulse.take(subscription)
    return subscription, ear


def publish(hub: Hub, offset: int, **changes: Any) -> None:
    hub.publish("mentions", record(0, offset, CODEC.encode("mention", mention(offset, **changes))))


async def test_a_turn_writes_once_whatever_came() -> None:
    hub, pulse = made()
    _, ear = joined(hub, pulse)
    for offset in range(10, 15):
        publish(hub, offset)
    assert ear.batches == []
    pulse.turn(0)
    assert len(ear.batches) == 1
    assert [decode(one.id)["mentions"].offsets[0] for one in ear.frames] == [11, 12, 13, 14, 15]


async def test_who_joins_between_two_turns_gets_what_comes_after_and_shares_the_rest() -> None:
    hub, pulse = made()
    _, first = joined(hub, pulse)
    publish(hub, 10)
    _, second = joined(hub, pulse)
    _, third = joined(hub, pulse)
    publish(hub, 11)
    pulse.turn(0)
    assert (len(first.frames), len(second.frames)) == (2, 1)
    assert second.batches[0] is third.batches[0]


async def test_heartbeats_tell_a_sparse_filter_the_real_position() -> None:
    hub, pulse = made(stream_heartbeat_s=5)
    subscription, ear = joined(hub, pulse, wanted=Filter(("mentions",), keyword=frozenset(["never"])))
    publish(hub, 10)
    pulse.turn(subscription.beat_at - 0.1)
    assert ear.frames == []
    pulse.turn(subscription.beat_at)
    (beat,) = ear.frames
    assert b"event: heartbeat" in beat.data
    assert decode(beat.id)["mentions"].offsets == (11, 20)


async def test_no_heartbeat_overtakes_what_waits() -> None:
    hub, pulse = made()
    subscription, ear = joined(hub, pulse)
    ear.stuck = True
    publish(hub, 10, text="x" * (LOW_WATER + 1))
    pulse.turn(0)
    publish(hub, 11)
    pulse.turn(subscription.beat_at)
    assert [b"heartbeat" in one.data for one in ear.frames] == [False]
    ear.taken()
    ear.stuck = False
    pulse.turn(subscription.beat_at - 1)
    pulse.turn(subscription.beat_at)
    assert [b"heartbeat" in one.data for one in ear.frames] == [False, False, True]


async def test_the_old_are_closed_a_tenth_around_their_age() -> None:
    ages = []
    for _ in range(50):
        hub, pulse = made(stream_max_age_s=100)
        before = time.monotonic()
        subscription, _ = joined(hub, pulse)
        ages.append(subscription.age_at - before)
        pulse.turn(subscription.age_at - 5)
        assert subscription.closed is None
        pulse.turn(subscription.age_at + 5)
        assert subscription.closed == "age"
    assert 89 < min(ages) < 99
    assert 101 < max(ages) < 115


async def test_without_a_limit_nobody_is_old() -> None:
    hub, pulse = made()
    subscription, _ = joined(hub, pulse)
    pulse.turn(1e9)
    assert subscription.closed is None


async def test_the_stalled_are_dropped() -> None:
    hub, pulse = made(stream_send_timeout_s=30)
    subscription, ear = joined(hub, pulse)
    ear.stuck = True
    publish(hub, 10)
    pulse.turn(100)
    pulse.turn(129)
    assert not ear.aborted
    pulse.turn(131)
    assert subscription.closed == "stalled"
    assert ear.lost


async def test_it_hands_out_at_once_after_a_silence_and_within_a_linger_otherwise() -> None:
    hub, pulse = made(stream_linger_ms=50)
    _, ear = joined(hub, pulse)
    task = asyncio.create_task(pulse.run())
    await asyncio.sleep(0)
    publish(hub, 10)
    await asyncio.wait_for(ear.heard.wait(), 60)
    ear.heard.clear()
    publish(hub, 11)
    publish(hub, 12)
    await asyncio.wait_for(ear.heard.wait(), 60)
    assert [len(batch.frames) for batch in ear.batches] == [1, 2]
    task.cancel()
