"""Where logs begin is asked once for all who ask at the same time, and never answered from before the question."""

import asyncio
from collections.abc import Mapping

import pytest

from api.earliest import Earliest
from schemas.errors import Retryable


class Kafka:
    """Answers when it is let; each answer is how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, int]] = []
        self.may = asyncio.Event()
        self.away = False

    async def starts(self, partitions: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        self.asked.append(dict(partitions))
        number, away = len(self.asked), self.away
        await self.may.wait()
        if away:
            raise Retryable("Kafka is away")
        return {topic: (number,) * count for topic, count in partitions.items()}


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_those_who_come_together_share_an_answer_each_with_what_it_asked_for() -> None:
    kafka = Kafka()
    kafka.may.set()
    own = Earliest(kafka.starts)
    one, other = await asyncio.gather(own.of({"mentions": 2}), own.of({"mentions": 4, "trends": 1}))
    assert one == {"mentions": (1, 1)}
    assert other == {"mentions": (1, 1, 1, 1), "trends": (1,)}
    assert kafka.asked == [{"mentions": 4, "trends": 1}]


async def test_who_comes_while_it_is_asked_waits_for_the_next_answer_with_all_others() -> None:
    kafka = Kafka()
    own = Earliest(kafka.starts)
    first = asyncio.create_task(own.of({"mentions": 1}))
    await turns()
    later = [asyncio.create_task(own.of({"mentions": 1})) for _ in range(5)]
    await turns()
    assert len(kafka.asked) == 1, "one question at a time"
    kafka.may.set()
    assert await first == {"mentions": (1,)}
    assert await asyncio.gather(*later) == [{"mentions": (2,)}] * 5
    assert await own.of({"mentions": 1}) == {"mentions": (3,)}
    assert len(kafka.asked) == 3


async def test_an_error_is_told_to_those_who_asked_and_the_next_ask_anew() -> None:
    kafka = Kafka()
    kafka.away = True
    own = Earliest(kafka.starts)
    first = [asyncio.create_task(own.of({"mentions": 1})) for _ in range(2)]
    await turns()
    kafka.away = False
    later = asyncio.create_task(own.of({"mentions": 1}))
    kafka.may.set()
    for one in first:
        with pytest.raises(Retryable):
            await one
    assert await later == {"mentions": (2,)}


async def test_who_leaves_takes_the_answer_from_nobody() -> None:
    kafka = Kafka()
    own = Earliest(kafka.starts)
    leaving, staying = (asyncio.create_task(own.of({"mentions": 1})) for _ in range(2))
    await turns()
    leaving.cancel()
    kafka.may.set()
    assert await staying == {"mentions": (1,)}
    with pytest.raises(asyncio.CancelledError):
        await leaving
