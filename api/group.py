"""A group: the subscriptions that asked for the same. An event is added once for all of them; they are written to in turn, together."""

from collections.abc import Iterator

from api.backlog import Newest
from api.filters import Filter
from api.frames import Batch, Frame
from api.subscription import Subscription


class Group:
    """Nothing in it waits."""

    __slots__ = ("_gathered", "conflate", "members", "wanted")

    def __init__(self, wanted: Filter, *, conflate: bool) -> None:
        self.wanted = wanted
        self.conflate = conflate
        self.members: dict[Subscription, None] = {}
        self._gathered: list[Frame] = []

    def join(self, subscription: Subscription) -> None:
        """A member from the next frame on: what is gathered now was before it."""
        subscription.skip = len(self._gathered)
        self.members[subscription] = None

    def add(self, one: Frame) -> None:
        """Gather a frame for all members."""
        self._gathered.append(one)

    def __iter__(self) -> Iterator[Subscription]:
        return iter(self.members)

    def flush(self, slow: dict[Subscription, None]) -> tuple[list[Frame], int]:
        """Hand what is gathered to every member; returns it, and how many got some of it.

        Those whose sockets do not take it are noted in `slow`.
        """
        gathered, self._gathered = self._gathered, []
        if not gathered:
            return gathered, 0
        batches: dict[int, Batch] = {}
        reached = 0
        for member in self.members:
            skip, member.skip = member.skip, 0
            if skip >= len(gathered):
                continue
            batch = batches.get(skip)
            if batch is None:
                batch = batches[skip] = self._batch(gathered[skip:] if skip else gathered)
            member.deliver(batch)
            if member.slow:
                slow[member] = None
            reached += 1
        return gathered, reached

    def _batch(self, frames: list[Frame]) -> Batch:
        if not self.conflate:
            return Batch(frames)
        newest = Newest()
        for one in frames:
            newest.add(one)
        return newest.take(newest.size)
