"""What a batch adds to the minutes of topics, and what waits until a story's topic is told of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from processors.logic.brief import is_id
from processors.logic.partials import MINUTE_MS, partial_of, totals_partial, watermark_partial
from processors.logic.reach import Reach
from processors.logic.sums import Sum
from processors.logic.topics.topic import Kept
from schemas.events import Partial, StoryTurn, TurnPost

KIND = "topic"
"""The kind of subject that a topic is; its name is the topic's id."""
WAITING = 100
"""Posts of one story that wait. Of a story that many copy before anyone tells another one like it, the first so many are counted."""

Row = list[list[Any]]
"""Posts that wait, as `[post id, platform, source, author, sentiment, engagement, copy, day only, event at]`."""


class Waiting(NamedTuple):
    """A post as it waits."""

    post_id: str
    platform: str
    source: str
    author: str | None
    sentiment: str
    engagement: int
    is_copy: bool
    day_only: bool
    event_at: int


def waiting(post: TurnPost) -> Waiting:
    """What is kept of a post."""
    return Waiting(
        post["post_id"],
        post["platform"],
        post["source"],
        post["author"],
        post["sentiment"],
        post["engagement"],
        post["is_copy"],
        post["day_only"],
        post["event_at"],
    )


class Counting:
    """Collects what one batch counts: nothing outside it changes before `rows` and `after` are committed.

    `row` gives what waits by story, `before` says how far the partitions of posts were before this batch.
    """

    def __init__(self, row: Callable[[str], Row | None], before: Reach) -> None:
        self._row = row
        self._before = before
        self.after = before.copy()
        """How far they are after it."""
        self._totals: list[StoryTurn] = []
        self._said: dict[int, int] = {}
        self.rows: dict[str, Row | None] = {}
        """Changed rows of what waits, None where nothing does any more."""
        self._sums: dict[tuple[int, bool, str, str, int], tuple[Sum, int]] = {}

    @property
    def reached(self) -> Mapping[int, list[int | bool]]:
        """Changed rows of how far partitions are."""
        return self.after.changes(self._before)

    def total(self, told: StoryTurn) -> None:
        """How much of each platform there was, whatever it was about."""
        self._totals.append(told)

    def hear(self, told: StoryTurn) -> None:
        """How far a partition is. Said again it is news, too: readers wait for idle partitions to say that they still are."""
        self.after.hear(told["source_partition"], told["watermark"], idle=told["idle"])
        self._said[told["source_partition"]] = told["updated_at"]

    def wait(self, story: str, posts: Sequence[TurnPost]) -> int:
        """Keep posts of a story whose topic nobody has heard of; returns how many were too many."""
        row = self._waits(story) or []
        room = max(WAITING - len(row), 0)
        if room and posts:
            self.rows[story] = [*row, *(list(waiting(post)) for post in posts[:room])]
        return max(len(posts) - room, 0)

    def release(self, story: Kept, partition: int, at: int) -> None:
        """Count what waited, for the topic that its story is in now: as read from `partition`, which is being read at `at`."""
        row = self._waits(story.id)
        if row is None:
            return
        words = story.words()
        for one in row:
            self._add(story.topic, Waiting(*one), words, partition, at)
        self.rows[story.id] = None

    def forget(self, story: str) -> None:
        """What waited for a story that is forgotten is of no topic."""
        if self._waits(story) is not None:
            self.rows[story] = None

    def add(self, story: Kept, posts: Sequence[TurnPost]) -> None:
        """Count posts of a story for its topic."""
        words = story.words()
        for post in posts:
            self._add(story.topic, waiting(post), words, post["source_partition"], post["enriched_at"])

    def partials(self) -> Iterator[Partial]:
        """Totals, then the sums in order of their minutes, which say how far their partition was before, then how far they are now."""
        for told in self._totals:
            partition = told["source_partition"]
            watermark = self._before.of(partition)[0]
            yield totals_partial(told["totals"], partition, watermark, told["updated_at"])
        for key in sorted(self._sums):
            bucket, day_only, topic, platform, partition = key
            total, at = self._sums[key]
            yield partial_of(
                KIND,
                topic,
                platform,
                bucket,
                total,
                day_only=day_only,
                source_partition=partition,
                watermark=self._before.of(partition)[0],
                enriched_at=at,
            )
        for partition, said_at in sorted(self._said.items()):
            watermark, idle = self.after.of(partition)
            yield watermark_partial(partition, watermark, said_at, idle=idle)

    def _add(self, topic: str, post: Waiting, words: set[str], partition: int, at: int) -> None:
        bucket = post.event_at - post.event_at % MINUTE_MS
        key = (bucket, post.day_only, topic, post.platform, partition)
        total, latest = self._sums.get(key, (None, 0))
        if total is None:
            total = Sum()
        total.add(
            post.post_id if is_id(post.post_id) else "",
            post.source,
            post.author,
            post.sentiment,
            post.engagement,
            words,
        )
        total.copies += post.is_copy
        self._sums[key] = total, max(latest, at)

    def _waits(self, story: str) -> Row | None:
        return self.rows[story] if story in self.rows else self._row(story)
