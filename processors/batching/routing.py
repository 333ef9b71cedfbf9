"""Which partition an output goes to: murmur2 of its key, as every producer of this project does it."""

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from itertools import count

from aiokafka.partitioner import murmur2

from processors.batching.batch import Output
from schemas.errors import Fatal

Groups = dict[tuple[str, int], list[tuple[bytes | None, bytes | None, int | None]]]
"""Records (key, value, timestamp in ms or None) by topic and partition, in the order they were sent."""


@lru_cache(maxsize=100_000)
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key)
    return hashed & 0x7FFFFFFF


class Router:
    """Remembers how many partitions each topic has; a topic never changes that while a stage runs."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._turns = count()

    async def route(
        self, outputs: Iterable[Output], partitions_of: Callable[[str], Awaitable[int]]
    ) -> Groups:
        """Group outputs by topic and partition; records without a key take turns. Fatal for an impossible partition."""
        groups: Groups = {}
        counts = self._counts
        for topic, key, value, chosen, timestamp in outputs:
            partitions = counts.get(topic)
            if partitions is None:
                partitions = counts[topic] = await partitions_of(topic)
            if chosen is None:
                partition = (next(self._turns) if key is None else _hash(key)) % partitions
            elif 0 <= chosen < partitions:
                partition = chosen
            else:
                raise Fatal(f"{topic} has {partitions} partitions, no partition {chosen}")
            group = groups.get((topic, partition))
            if group is None:
                group = groups[topic, partition] = []
            group.append((key, value, timestamp))
        return groups
