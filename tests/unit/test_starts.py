"""Where a stream starts by time: what is recorded while Kafka is being asked is neither skipped nor sent twice."""

from collections.abc import Mapping
from typing import Any, cast

from api.cluster import Cluster
from api.hub import Hub
from api.positions import TopicPosition, encode
from api.resume import Starts

TOPICS = ("mentions",)
EPOCH = b"1234"


class Log:
    """One topic and the hub that reads it; before every answer the records that are `coming` are committed and read."""

    def __init__(self, *partitions: list[int]) -> None:
        self.partitions = list(partitions)
        self.coming: list[tuple[int, int]] = []

    async def ends(self, counts: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        return self._told(counts, [len(times) for times in self._now()])

    async def starts(self, counts: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        return self._told(counts, [0 for _ in self._now()])

    async def at(self, counts: Mapping[str, int], millis: int) -> dict[str, tuple[int, ...]]:
        return self._told(
            counts,
            [next((n for n, at in enumerate(times) if at >= millis), -1) for times in self._now()],
        )

    def position(self, topics: Any = None) -> dict[str, TopicPosition]:
        return {"mentions": TopicPosition(EPOCH, tuple(map(len, self.partitions)))}

    def _now(self) -> list[list[int]]:
        answer = [times[:] for times in self.partitions]
        for partition, at in self.coming:
            if partition == len(self.partitions):
                self.partitions.append([])
            self.partitions[partition].append(at)
        self.coming.clear()
        return answer

    def _told(self, counts: Mapping[str, int], offsets: list[int]) -> dict[str, tuple[int, ...]]:
        return {"mentions": tuple(offsets[: counts["mentions"]])}


async def offsets_since(log: Log, millis: int) -> tuple[int, ...]:
    return (await started(log).since(TOPICS, millis)).position["mentions"].offsets


def started(log: Log, most: int = 1_000) -> Starts:
    return Starts(cast("Cluster", log), cast("Hub", log), most)


async def test_a_time_is_found_in_every_partition() -> None:
    assert await offsets_since(Log([10, 20, 30], [15]), 20) == (1, 1)


async def test_what_comes_while_it_is_asked_is_not_skipped() -> None:
    for answered in range(3):
        log = Log([10], [10, 20])

        class Later(Log):
            """Commits right after one of the answers."""

            left = answered

            def _now(self) -> list[list[int]]:
                if self.left == 0:
                    self.coming = [(0, 40), (0, 41), (1, 42)]
                self.left -= 1
                return super()._now()

        log = Later(*log.partitions)
        assert await offsets_since(log, 30) == (1, 2), answered


async def test_a_partition_added_meanwhile_is_read_from_its_beginning() -> None:
    log = Log([10])
    log.coming = [(1, 40), (1, 41)]
    assert await offsets_since(log, 30) == (1, 0)


async def test_an_id_that_lies_too_far_back_is_reset_to_now_and_told_what_it_misses() -> None:
    log = Log([10] * 6, [10] * 5)
    asked = encode({"mentions": TopicPosition(EPOCH, (2, 5))})
    near = await started(log, 4).after(TOPICS, asked)
    assert (near.position["mentions"].offsets, near.gaps) == ((2, 5), ())
    far = await started(log, 3).after(TOPICS, asked)
    assert far.position["mentions"].offsets == (6, 5)
    (gap,) = far.gaps
    assert (gap.reason, gap.partitions) == ("far", ((0, 2, 6),))


async def test_a_time_that_lies_too_far_back_is_bounded_too() -> None:
    log = Log([10, 20, 30, 40])
    assert (await started(log, 3).since(TOPICS, 20)).gaps == ()
    far = await started(log, 2).since(TOPICS, 20)
    assert far.position["mentions"].offsets == (4,)
    assert [gap.reason for gap in far.gaps] == ["far"]
