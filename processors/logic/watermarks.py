"""How far each partition of posts has been read, and which windows may therefore be closed or dropped."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """What was last heard of one partition of posts, and when (processing time in seconds)."""

    watermark: int
    idle: bool
    heard_at: float


class Sources:
    """The partitions of posts as one partition of partials sees them.

    A partition that was never heard of blocks both watermarks. Idleness is what `enrich` says, never guessed from silence: a
    crashed worker is silent too.
    """

    def __init__(self, partitions: int, idle_close_s: float, evict_idle_s: float) -> None:
        self._partitions = partitions
        self._idle_close_s = idle_close_s
        self._evict_idle_s = evict_idle_s
        self._sources: dict[int, Source] = {}

    def copy(self) -> "Sources":
        """Another one that changes on its own."""
        twin = Sources(self._partitions, self._idle_close_s, self._evict_idle_s)
        twin._sources = dict(self._sources)
        return twin

    def hear(self, partition: int, watermark: int, idle: bool, now_s: float) -> None:
        """Take note of a record of that partition."""
        known = self._sources.get(partition)
        highest = watermark if known is None else max(known.watermark, watermark)
        self._sources[partition] = Source(highest, idle, now_s)

    def rows(self) -> dict[int, tuple[int, bool]]:
        """(watermark, idle) by partition: what must survive a restart."""
        return {partition: (source.watermark, source.idle) for partition, source in self._sources.items()}

    def closing(self, now_s: float, clock_ms: int) -> int | None:
        """Windows that end at or before this instant (epoch ms) are over; None while nothing can be said.

        The smallest watermark over the partitions that are not idle. Where all are, and were silent for `idle_close_s`, nothing
        more is under way and the clock on the wall decides.
        """
        if len(self._sources) < self._partitions:
            return None
        busy = [source.watermark for source in self._sources.values() if not source.idle]
        if busy:
            return min(busy)
        latest = max(source.heard_at for source in self._sources.values())
        return clock_ms if now_s - latest >= self._idle_close_s else None

    def dropping(self, now_s: float) -> int | None:
        """The instant (epoch ms) up to which every partition has been read; None while nothing can be said.

        Idle partitions hold it back too, until they were silent for `evict_idle_s`: a post that is older than what other
        partitions have seen may be waiting there.
        """
        if len(self._sources) < self._partitions:
            return None
        waited_for = [
            source.watermark
            for source in self._sources.values()
            if not (source.idle and now_s - source.heard_at >= self._evict_idle_s)
        ]
        return min(waited_for, default=None)
