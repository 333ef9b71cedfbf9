"""A client of the hub that is no socket: it takes what it is given, or lets it wait as a slow one does."""

import asyncio

from api.filters import Filter
from api.frames import Batch, Frame
from api.hub import Hub
from api.recent import Recent
from api.subscription import Bounds, Subscription
from schemas.codec import Codec

ALL = Filter(("mentions",))


class Ear:
    """A Sink. While `stuck`, what it is given waits."""

    def __init__(self) -> None:
        self.lost = False
        self.last_id = ""
        self.stuck = False
        self.aborted = False
        self.batches: list[Batch] = []
        self.heard = asyncio.Event()
        self._waiting = 0

    @property
    def frames(self) -> list[Frame]:
        """All it was given, in order."""
        return [one for batch in self.batches for one in batch.frames]

    def write(self, batch: Batch) -> None:
        self.last_id = batch.id
        self.batches.append(batch)
        self.heard.set()
        if self.stuck:
            self._waiting += len(batch.data)

    def waiting(self) -> int:
        return self._waiting

    def taken(self, size: int | None = None) -> None:
        """The socket took so much of what waits, or all."""
        self._waiting -= self._waiting if size is None else size

    async def drain(self) -> None:
        return

    def abort(self) -> None:
        self.aborted = self.lost = True


def hub_of(codec: Codec) -> Hub:
    """A hub that keeps some events."""
    return Hub(codec, Recent(codec, 1_000, 1_000_000))


def listening(
    wanted: Filter = ALL,
    events: int = 100,
    size: int = 1_000_000,
    *,
    conflate: bool = False,
    held: bool = False,
) -> tuple[Subscription, Ear]:
    """A subscription and its ear; released unless `held`."""
    ear = Ear()
    subscription = Subscription(wanted, ear, Bounds(events, size), conflate=conflate)
    if not held:
        subscription.release()
    return subscription, ear
