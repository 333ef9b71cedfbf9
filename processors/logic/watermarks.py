"""How far each partition of posts has been read, and which windows may therefore be closed or dropped."""

from dataclasses import dataclass

_MARGIN_MS = 500
"""Posts that were published together may be read this far apart."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was last heard of one partition of posts."""

    watermark: int
    idle: bool
    heard_at: float
    """When something new was heard (processing time in seconds); being idle still is nothing new."""
    said_at: int
    """When it was said, by the clock of the one who said it (epoch ms)."""


def echo(partition: int) -> int:
    """The number under which `stories` tells how far it has counted the copies from a partition of posts."""
    return -1 - partition


class Sources:
    """The partitions of posts as one partition of partials sees them.

    A partition that was never heard of blocks both watermarks. Idleness is what `enrich` says, never guessed from silence: a
    crashed worker is silent too. And it holds for the moment it was said: where one partition has been read on, an idle one may
    have posts of the same time waiting, until it says again that it is idle (or is not any more).
    """

    def __init__(
        self,
        partitions: int,
        idle_close_s: float,
        evict_idle_s: float,
        *,
        by_word: bool = False,
        echoed: bool = False,
    ) -> None:
        """`echoed`: `stories` tells here how far it has counted copies."""
        self._partitions = partitions
        self._by_word = by_word
        self._echoed = echoed
        self._idle_close_s = idle_close_s
        self._evict_idle_s = evict_idle_s
        self._sources: dict[int, Source] = {}
        self._echoes: dict[int, Source] = {}
        self._owed_since: dict[int, float] = {}
        """By partition of posts whose copies are not told of as far as it was read: since when nothing was told (processing time in seconds)."""
        self._asked: tuple[int, int] | None = None
        """(when, how far the partitions that are not idle had been read): what the idle ones have yet to confirm."""
        self._confirmed: int | None = None
        """How far all had been read, the idle ones by their word."""

    def copy(self) -> "Sources":
        """Another one that changes on its own."""
        twin = Sources(
            self._partitions,
            self._idle_close_s,
            self._evict_idle_s,
            by_word=self._by_word,
            echoed=self._echoed,
        )
        twin._sources = dict(self._sources)
        twin._echoes = dict(self._echoes)
        twin._owed_since = dict(self._owed_since)
        twin._asked, twin._confirmed = self._asked, self._confirmed
        return twin

    def hear(self, partition: int, watermark: int, idle: bool, now_s: float, said_at: int = 0) -> None:
        """Take note of a record of that partition, or of its echo; `said_at` (epoch ms) is 0 where it is not known any more."""
        sources = self._sources if partition >= 0 else self._echoes
        known = sources.get(partition)
        if known is None:
            sources[partition] = Source(watermark, idle, now_s, said_at)
        else:
            again = known.idle and idle and watermark <= known.watermark
            sources[partition] = Source(
                max(known.watermark, watermark), idle, known.heard_at if again else now_s, said_at
            )
        if self._echoed:
            self._note_owed(partition, now_s)

    def _note_owed(self, partition: int, now_s: float) -> None:
        told = partition < 0
        posts = echo(partition) if told else partition
        if self._told(posts) >= self._read(posts):
            self._owed_since.pop(posts, None)
        elif told or posts not in self._owed_since:
            self._owed_since[posts] = now_s

    def _read(self, posts: int) -> int:
        source = self._sources.get(posts)
        return 0 if source is None else source.watermark

    def _told(self, posts: int) -> int:
        told = self._echoes.get(echo(posts))
        return 0 if told is None else told.watermark

    def rows(self) -> dict[int, tuple[int, bool]]:
        """(watermark, idle) by partition: what must survive a restart."""
        heard = {**self._sources, **self._echoes}
        return {partition: (source.watermark, source.idle) for partition, source in heard.items()}

    def closing(self, now_s: float, clock_ms: int) -> int | None:
        """Windows that end at or before this instant (epoch ms) are over; None while nothing can be said.

        The smallest watermark over the partitions that are not idle, as far as the idle ones have said later that they still are.
        Where all are idle, and were silent for `idle_close_s`, nothing more is under way and the clock on the wall decides; `by_word`:
        only as far as they have all said since that they are idle, for what is said comes late.
        """
        if len(self._sources) < self._partitions:
            return None
        busy = [source for source in self._sources.values() if not source.idle]
        idle = [source for source in self._sources.values() if source.idle]
        if self._asked is not None and all(one.said_at >= self._asked[0] + _MARGIN_MS for one in idle):
            self._confirmed, self._asked = max(self._confirmed or 0, self._asked[1]), None
        if not busy:
            latest = max(source.heard_at for source in idle)
            if now_s - latest < self._idle_close_s:
                return self._confirmed
            said_at = min(source.said_at for source in idle)
            if not self._by_word:
                return clock_ms
            return min(clock_ms, said_at) if said_at else self._confirmed
        lowest = min(source.watermark for source in busy)
        if not idle:
            self._confirmed, self._asked = lowest, None
            return lowest
        if self._asked is None and (self._confirmed is None or lowest > self._confirmed):
            self._asked = max(source.said_at for source in busy), lowest
        return None if self._confirmed is None else min(self._confirmed, lowest)

    def dropping(self, now_s: float) -> int | None:
        """The instant (epoch ms) up to which every partition has been read and its copies counted; None while nothing can be said.

        Idle partitions hold it back too, for a post that is older than what other partitions have seen may be waiting there: until they were
        silent for `evict_idle_s`, and then as far as they have confirmed that they still are (`closing`, to be asked before). `stories` is waited
        for where it has not told of all that was read: it may be behind, or have said nothing yet. Where it has told nothing more for
        `evict_idle_s` while it owed that, it is gone.
        """
        if len(self._sources) < self._partitions:
            return None
        waited_for = []
        silent = False
        for source in self._sources.values():
            if source.idle and now_s - source.heard_at >= self._evict_idle_s:
                silent = True
            else:
                waited_for.append(source.watermark)
        if silent and waited_for:
            if self._confirmed is None:
                return None
            waited_for.append(self._confirmed)
        for posts, since_s in self._owed_since.items():
            if now_s - since_s < self._evict_idle_s:
                if echo(posts) not in self._echoes:
                    return None
                waited_for.append(self._told(posts))
        return min(waited_for, default=None)
