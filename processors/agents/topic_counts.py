"""The part of `topics` that counts posts for topics: what it keeps, and what it tells `trends`."""

import structlog

from processors.batching import Batch, BatchApp, BatchTable
from processors.logic.partials import TOTALS
from processors.logic.reach import Reach
from processors.logic.topics.counting import KIND, Counting
from processors.logic.topics.window import Window
from processors.settings import TopicsSettings
from schemas.codec import Codec
from schemas.events import StoryTurn
from schemas.topics import TOPICS

log = structlog.get_logger()


class TopicCounts:
    """Rows: `waiting` by story (see `logic.topics.counting`), and in `reach` how far each partition of posts is (`N` → [watermark, idle]).

    From one batch to the next nothing is remembered but rows.
    """

    def __init__(self, app: BatchApp, settings: TopicsSettings, codec: Codec) -> None:
        self._codec = codec
        self._partitions = settings.partitions
        self._topic = TOPICS["topic-partials"].full_name(settings.topic_prefix)
        self._waiting: BatchTable = app.batch_table("waiting")
        self._reach: BatchTable = app.batch_table("reach")

    def begin(self, batch: Batch) -> Counting:
        """What one batch will count."""
        reach = {int(name): (row[0], row[1]) for name, row in batch.rows(self._reach).items()}
        return Counting(batch.rows(self._waiting).get, Reach(reach))

    def hear(self, counting: Counting, told: StoryTurn) -> None:
        """Take note of a turn without a story: how much there was, or how far a partition is."""
        if told["kind"] == TOTALS:
            counting.total(told)
        else:
            counting.hear(told)

    def count(self, counting: Counting, window: Window, told: StoryTurn) -> None:
        """Count the posts of a turn, which the window has just read, and those that waited for what it made known.

        After every turn, or what is counted would depend on where batches end.
        """
        posts = told["posts"]
        changes = window.changes
        for name in changes.fresh:
            known = window.stories.get(name) or changes.forgotten[name]
            counting.release(known, told["source_partition"], told["updated_at"])
        for name in changes.forgotten:
            counting.forget(name)
        changes.fresh.clear()
        changes.forgotten.clear()
        story = window.stories.get(told["id"])
        if story is None:
            log.warning("posts_not_counted_for_topics", story=told["id"], posts=len(posts), why="too old")
            return
        if window.topics[story.topic].told:
            counting.add(story, posts)
            return
        too_many = counting.wait(story.id, posts)
        if too_many:
            log.warning("posts_not_counted_for_topics", story=story.id, posts=too_many, why="too many")

    def put(self, batch: Batch, counting: Counting) -> None:
        """Send what was counted, to every partition how much there was and how far it is, and put the rows that go with it."""
        for partial in counting.partials():
            key = f"{partial['subject_kind']}:{partial['subject']}".encode()
            value, at = self._codec.encode("partial", partial), partial["enriched_at"]
            if partial["subject_kind"] == KIND:
                batch.send(self._topic, key, value, timestamp=at)
                continue
            for number in range(self._partitions):
                batch.send(self._topic, key, value, partition=number, timestamp=at)
        for story, row in counting.rows.items():
            batch.put(self._waiting, story, row)
        for partition, reached in counting.reached.items():
            batch.put(self._reach, str(partition), reached)
