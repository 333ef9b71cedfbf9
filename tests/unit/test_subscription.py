import asyncio
import time

from api.filters import Filter
from api.frames import Frame
from api.subscription import Subscription

ALL = Filter(("mentions",))


def frames(count: int, size: int = 10) -> list[Frame]:
    return [Frame(str(number), b"x" * size) for number in range(count)]


async def test_frames_are_taken_in_order_and_once() -> None:
    subscription = Subscription(ALL, 10, 1000)
    given = frames(3)
    for one in given:
        subscription.offer(one)
    await subscription.wait(60)
    assert subscription.take() == given
    assert subscription.take() == []


async def test_too_many_events_close_it_and_free_its_memory() -> None:
    subscription = Subscription(ALL, 2, 1000)
    for one in frames(3):
        subscription.offer(one)
    assert subscription.closed == "overflow"
    assert subscription.take() == []
    subscription.offer(frames(1)[0])
    assert subscription.take() == []


async def test_too_many_bytes_close_it() -> None:
    subscription = Subscription(ALL, 100, 25)
    for one in frames(3):
        subscription.offer(one)
    assert subscription.closed == "overflow"


async def test_room_comes_back_when_frames_are_taken() -> None:
    subscription = Subscription(ALL, 2, 20)
    for one in frames(10):
        subscription.offer(one)
        subscription.take()
    assert subscription.closed is None


async def test_what_waits_can_be_taken_after_a_close_and_the_first_reason_stays() -> None:
    subscription = Subscription(ALL, 10, 1000)
    subscription.offer(frames(1)[0])
    subscription.close("shutdown")
    subscription.close("behind")
    await subscription.wait(60)
    assert len(subscription.take()) == 1
    assert subscription.closed == "shutdown"


async def test_waiting_ends_with_a_frame_a_close_or_the_time() -> None:
    subscription = Subscription(ALL, 10, 1000)
    before = time.monotonic()
    await subscription.wait(0.05)
    assert time.monotonic() - before >= 0.04
    waiting = asyncio.create_task(subscription.wait(60))
    await asyncio.sleep(0)
    subscription.offer(frames(1)[0])
    await asyncio.wait_for(waiting, 5)
    subscription.take()
    waiting = asyncio.create_task(subscription.wait(60))
    await asyncio.sleep(0)
    subscription.close("shutdown")
    await asyncio.wait_for(waiting, 5)
