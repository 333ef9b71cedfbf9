"""Where a stream starts: from an id, from a time, or from now; and what of it cannot be given any more."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from api.catalogue import LIVE
from api.cluster import Cluster
from api.earliest import Earliest
from api.hub import Hub
from api.positions import Position, TopicPosition, UnknownPosition, decode, encode
from schemas.errors import Retryable

GapReason = Literal["unknown", "foreign", "expired", "ahead", "far"]

_HUB_PATIENCE_S = 5.0
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Gap:
    """What of one topic is missing.

    `unknown`: the id cannot be read. `foreign`: it is of another cluster, or of a topic since created again.
    `expired`: retention took the offsets [from, to) of `partitions`. `ahead`: the log ends before the id.
    `far`: more lies between than is read for one client.
    `partitions` are (partition, from, to), `from` and `to` None where that cannot be known; empty: all of the topic.
    """

    topic: str
    reason: GapReason
    partitions: tuple[tuple[int, int | None, int | None], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As clients see it, with the address of a snapshot of the topic."""
        return {
            "topic": self.topic,
            "reason": self.reason,
            "partitions": [
                {"partition": number, "from": first, "to": end} for number, first, end in self.partitions
            ],
            "snapshot": LIVE[self.topic].snapshot,
        }


@dataclass(frozen=True, slots=True)
class Start:
    """The position a stream starts at, and the gaps between what was requested and that."""

    position: Position
    gaps: tuple[Gap, ...] = ()
    known: str | None = None
    """The position's id, where somebody has made it before."""

    @property
    def id(self) -> str:
        """The position's id."""
        return self.known or encode(self.position)


class Starts:
    """Finds starts. Every method raises Retryable where Kafka or the hub cannot tell now."""

    def __init__(self, cluster: Cluster, hub: Hub, most: int) -> None:
        self._cluster = cluster
        self._hub = hub
        self._most = most
        self._earliest = Earliest(cluster.starts)
        self._now: dict[tuple[str, ...], Start] = {}
        """The last start of now, by topics: many come while the hub stands."""

    def now(self, topics: tuple[str, ...]) -> Start:
        """Where the hub stands."""
        known, start = self._hub.vector.id(topics), self._now.get(topics)
        if start is None or start.known is not known:
            start = self._now[topics] = Start(self._hub.position(topics), known=known)
        return start

    async def since(self, topics: tuple[str, ...], millis: int) -> Start:
        """The first record of each partition that was recorded at or after a time."""
        counts = self._counts(self._hub.position(topics))
        # Asked first: what comes between this answer and the next is not older than the time asked for, or is found.
        ends = await self._cluster.ends(counts)
        found = await self._cluster.at(counts, millis)
        first = await self._cluster.starts(counts)
        now = self._hub.position(topics)
        position, gaps = {}, []
        for topic, at in now.items():
            offsets = [
                min(offset if offset >= 0 else end, standing)
                for offset, end, standing in zip(found[topic], ends[topic], at.offsets, strict=False)
            ]
            # A partition that was added meanwhile has nothing older.
            position[topic] = TopicPosition(at.epoch, (*offsets, *(0,) * (len(at.offsets) - len(offsets))))
            # The oldest record left is already younger: older ones may have been deleted.
            missing = [
                (number, None, start)
                for number, (offset, start) in enumerate(zip(offsets, first[topic], strict=True))
                if 0 < start == offset
            ]
            if missing:
                gaps.append(Gap(topic, "expired", tuple(missing)))
        return self._bounded(position, gaps, now)

    async def after(self, topics: tuple[str, ...], requested: str) -> Start:
        """Right after the event that carried this id."""
        now = self._hub.position(topics)
        try:
            asked = decode(requested)
        except UnknownPosition:
            return Start(now, tuple(Gap(topic, "unknown") for topic in topics))
        await self._caught_up({topic: at for topic, at in asked.items() if topic in now})
        now = self._hub.position(topics)
        first = await self._earliest.of(self._counts(now))
        position, gaps = {}, []
        for topic, at in now.items():
            # A topic the id does not speak of was not asked for then: it starts now.
            position[topic], gap = (
                _placed(topic, asked[topic], at, first[topic]) if topic in asked else (at, None)
            )
            if gap is not None:
                gaps.append(gap)
        return self._bounded(position, gaps, now)

    def _bounded(self, position: Position, gaps: list[Gap], now: Position) -> Start:
        """A start, or where more than `most` offsets would be read for it, now: a snapshot is there sooner."""
        between = {
            topic: tuple(
                (number, first, end)
                for number, (first, end) in enumerate(zip(position[topic].offsets, at.offsets, strict=True))
                if first < end
            )
            for topic, at in now.items()
        }
        if sum(end - first for found in between.values() for _, first, end in found) <= self._most:
            return Start(position, tuple(gaps))
        far = (Gap(topic, "far", found) for topic, found in between.items() if found)
        return Start(now, (*gaps, *far))

    async def _caught_up(self, asked: Position) -> None:
        """Wait for the hub where another process was ahead of it, but not where the log itself ends earlier."""
        deadline = asyncio.get_running_loop().time() + _HUB_PATIENCE_S
        while self._ahead(asked):
            counts = self._counts(self._hub.position(asked))
            ends = await self._cluster.ends(counts)
            if any(
                len(at.offsets) > counts[topic]
                or any(offset > end for offset, end in zip(at.offsets, ends[topic], strict=False))
                for topic, at in asked.items()
                if at.epoch == self._hub.position((topic,))[topic].epoch
            ):
                return
            if asyncio.get_running_loop().time() > deadline:
                raise Retryable("the live stream has not come to this position yet")
            await asyncio.sleep(_PAUSE_S)

    def _ahead(self, asked: Position) -> bool:
        """Whether the hub is behind an id of its own epoch."""
        now = self._hub.position(asked)
        return any(
            len(at.offsets) > len(now[topic].offsets)
            or any(
                offset > standing for offset, standing in zip(at.offsets, now[topic].offsets, strict=False)
            )
            for topic, at in asked.items()
            if at.epoch == now[topic].epoch
        )

    @staticmethod
    def _counts(position: Position) -> dict[str, int]:
        return {topic: len(at.offsets) for topic, at in position.items()}


def _placed(
    topic: str, asked: TopicPosition, now: TopicPosition, first: tuple[int, ...]
) -> tuple[TopicPosition, Gap | None]:
    """Where one topic starts for an id, given where the hub stands and where its logs begin."""
    if asked.epoch != now.epoch:
        return now, Gap(topic, "foreign")
    if len(asked.offsets) > len(now.offsets):
        return now, Gap(topic, "ahead")
    offsets: list[int] = []
    expired: list[tuple[int, int | None, int | None]] = []
    ahead: list[tuple[int, int | None, int | None]] = []
    for number, (end, start) in enumerate(zip(now.offsets, first, strict=True)):
        # A partition added after the id was made has only events the client has not seen.
        wanted = asked.offsets[number] if number < len(asked.offsets) else 0
        if wanted > end:
            ahead.append((number, end, wanted))
        elif wanted < start:
            expired.append((number, wanted, start))
        offsets.append(min(max(wanted, start), end) if wanted <= end else end)
    gap = None
    if ahead:
        gap = Gap(topic, "ahead", tuple(ahead))
    elif expired:
        gap = Gap(topic, "expired", tuple(expired))
    return TopicPosition(now.epoch, tuple(offsets)), gap
