import asyncio

from api.frames import Batch, Frame
from api.subscription import LOW_WATER
from tests.support.ears import listening


def frames(count: int, size: int = 10, first: int = 0) -> list[Frame]:
    return [Frame(str(number), b"x" * size, b"k%d" % (number % 2)) for number in range(first, first + count)]


async def test_frames_are_written_at_once_while_the_socket_takes_them() -> None:
    subscription, ear = listening()
    given = Batch(frames(3))
    subscription.deliver(given)
    assert ear.batches == [given]
    assert ear.last_id == "2"
    assert subscription.live


async def test_what_comes_before_the_past_is_replayed_waits() -> None:
    subscription, ear = listening(held=True)
    subscription.deliver(Batch(frames(2)))
    subscription.pump()
    assert ear.frames == []
    assert not subscription.slow
    subscription.release()
    assert ear.frames == frames(2)


async def test_a_stuck_socket_gets_no_more_until_it_took_what_it_has() -> None:
    subscription, ear = listening()
    ear.stuck = True
    subscription.deliver(Batch(frames(1, LOW_WATER + 1)))
    subscription.deliver(Batch(frames(2, first=1)))
    assert [one.id for one in ear.frames] == ["0"]
    assert subscription.slow
    ear.taken()
    subscription.deliver(Batch(frames(1, first=3)))
    subscription.pump()
    assert [one.id for one in ear.frames] == ["0", "1", "2", "3"]
    assert subscription.live


async def test_too_many_events_close_it_and_free_its_memory() -> None:
    subscription, ear = listening(events=2, held=True)
    subscription.deliver(Batch(frames(3)))
    assert subscription.closed == "overflow"
    assert subscription.behind == 0
    subscription.deliver(Batch(frames(1)))
    subscription.release()
    assert ear.frames == []


async def test_bytes_in_backlog_and_socket_are_bounded_together() -> None:
    subscription, ear = listening(size=LOW_WATER + 100)
    ear.stuck = True
    subscription.deliver(Batch(frames(1, LOW_WATER + 1)))
    subscription.deliver(Batch(frames(1, 90, first=1)))
    assert subscription.behind == 1
    subscription.deliver(Batch(frames(1, 20, first=2)))
    assert subscription.closed == "overflow"
    assert [one.id for one in ear.frames] == ["0"]


async def test_what_waits_is_written_at_a_close_and_the_first_reason_stays() -> None:
    subscription, ear = listening()
    ear.stuck = True
    subscription.deliver(Batch(frames(1, LOW_WATER + 1)))
    subscription.deliver(Batch(frames(1, first=1)))
    subscription.close("shutdown")
    subscription.close("behind")
    assert [one.id for one in ear.frames] == ["0", "1"]
    told: list[str] = []
    subscription.when_closed(told.append)
    assert told == []
    await asyncio.sleep(0)
    assert told == ["shutdown"]


async def test_its_end_is_told_once_and_not_from_within_the_close() -> None:
    subscription, _ = listening()
    told: list[str] = []
    subscription.when_closed(told.append)
    subscription.close("age")
    assert told == []
    await asyncio.sleep(0)
    subscription.close("behind")
    await asyncio.sleep(0)
    assert told == ["age"]


async def test_a_close_while_the_past_is_replayed_writes_nothing_out_of_turn() -> None:
    subscription, ear = listening(held=True)
    subscription.deliver(Batch(frames(2)))
    subscription.close("shutdown")
    assert ear.frames == []


async def test_conflated_only_the_newest_of_a_key_waits_in_the_place_of_the_newest() -> None:
    subscription, ear = listening(conflate=True, held=True)
    subscription.deliver(Batch(frames(5)))
    subscription.release()
    assert [one.id for one in ear.frames] == ["3", "4"]


async def test_a_socket_that_takes_nothing_of_what_waits_is_stalled() -> None:
    subscription, ear = listening()
    assert subscription.stalled_s(100) == 0
    ear.stuck = True
    subscription.deliver(Batch(frames(2)))
    assert subscription.stalled_s(110) == 10
    ear.taken(5)
    assert subscription.stalled_s(112) == 0
    assert subscription.stalled_s(115) == 3
    ear.taken()
    assert subscription.stalled_s(200) == 0
