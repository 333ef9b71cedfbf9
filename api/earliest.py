"""Where logs begin, asked of Kafka once for all who ask at the same time: after a restart every client comes back at once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

Starts = dict[str, tuple[int, ...]]
Ask = Callable[[Mapping[str, int]], Awaitable[Starts]]
"""Partition counts by topic to the first offset of each. Raises Retryable."""


class Earliest:
    """An answer is never older than the question: who comes while Kafka is being asked waits for the next answer, with all who come meanwhile."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._asking = asyncio.Lock()
        self._wanted: dict[str, int] = {}
        self._next: asyncio.Task[Starts] | None = None

    async def of(self, partitions: Mapping[str, int]) -> Starts:
        """The first offset still there, of each partition of topics with so many partitions. Raises Retryable."""
        for topic, count in partitions.items():
            self._wanted[topic] = max(count, self._wanted.get(topic, 0))
        if self._next is None:
            self._next = asyncio.create_task(self._answer(), name="earliest")
            # Where all who asked have gone nobody else looks at its error.
            self._next.add_done_callback(lambda done: done.cancelled() or done.exception())
        # Who leaves must not take the answer from the others.
        found = await asyncio.shield(self._next)
        return {topic: found[topic][:count] for topic, count in partitions.items()}

    async def _answer(self) -> Starts:
        async with self._asking:
            # From here on whoever comes asks anew.
            wanted, self._wanted, self._next = self._wanted, {}, None
            return await self._ask(wanted)
