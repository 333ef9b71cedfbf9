"""`topics`: stories become topics, it is told which story belongs to which, and posts are counted for the topics of their stories."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.agents.topic_counts import TopicCounts
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.partials import TOTALS, WATERMARK
from processors.logic.stories.turns import STORY
from processors.logic.topics.rows import MARKS, marks_row, restored, story_row, topic_row
from processors.logic.topics.survey import survey
from processors.logic.topics.window import Bounds, Changes, Window
from processors.settings import TopicsSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Millis, StoryTurn
from schemas.topics import TOPICS


class Topics:
    """The handler of `story-turns`, which has one partition.

    Rows: `stories`, `topics` and `marks` (see `logic.topics.rows`), and those of what it counts (see `agents.topic_counts`). A batch changes
    the window in memory; where it does not commit after all, the window is made anew of the committed rows.
    """

    def __init__(self, app: BatchApp, settings: TopicsSettings, codec: Codec) -> None:
        self._codec = codec
        self._letters = Letters("topics", codec, settings.topic_prefix)
        self._bounds = Bounds(int(settings.topic_hours * 3_600_000), settings.topic_stories)
        self._stories: BatchTable = app.batch_table("stories")
        self._topics: BatchTable = app.batch_table("topics")
        self._marks: BatchTable = app.batch_table("marks")
        self._counts = TopicCounts(app, settings, codec)
        self._window = Window(self._bounds)
        self._ahead = False
        """Whether the window holds what has not committed."""
        self._names = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name="story-turns",
                topics=(self._names["story-turns"],),
                handle=self.handle,
                linger_s=settings.gather_s,
                max_records=settings.topics_batch,
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: a revision of every topic that it changed, where stories belong that had no topic or another one, and its posts by topic."""
        # In a thread, so that the worker's heartbeats go on.
        await asyncio.to_thread(self._work, batch)

    def _work(self, batch: Batch) -> None:
        if self._ahead:
            self._restored(batch.partition, {table: batch.rows(table) for table in self._tables()})
        window, self._ahead = self._window, True
        window.changes = Changes()
        counting = self._counts.begin(batch)
        for record in batch.records:
            try:
                told = self._turn(record)
            except Poison as error:
                # Only stories writes here, so this is a defect: seen in the dead letters.
                self._letters.bury(batch, record, error, now_ms())
                continue
            if told["kind"] != STORY:
                self._counts.hear(counting, told)
                continue
            window.read(told)
            survey(window)
            self._counts.count(counting, window, told)
        for topic in window.topic_events():
            self._send(batch, "topics", "topic", topic["id"], topic, topic["updated_at"])
        for name, assigned in window.changes.assigned.items():
            self._send(batch, "assignments", "assignment", name, assigned, assigned["assigned_at"])
        self._put(batch, window)
        self._counts.put(batch, counting)

    def _turn(self, record: Record) -> StoryTurn:
        """The turn in a record; raises Poison for anything else."""
        told = cast("StoryTurn", event_in(self._codec, record, "story_turn"))
        if told["kind"] not in (STORY, TOTALS, WATERMARK):
            raise Poison("invalid", f"no kind of turn: {told['kind']!r}")
        return told

    def _put(self, batch: Batch, window: Window) -> None:
        for name in window.changes.stories:
            story = window.stories.get(name)
            batch.put(self._stories, name, None if story is None else story_row(story))
        for name in window.changes.topics:
            topic = window.topics.get(name)
            batch.put(self._topics, name, None if topic is None else topic_row(topic))
        marks = marks_row(window.marks)
        if marks != batch.get(self._marks, MARKS):
            batch.put(self._marks, MARKS, marks)

    def _send(
        self, batch: Batch, topic: str, event: str, key: str, record: Mapping[str, Any], at: Millis
    ) -> None:
        batch.send(self._names[topic], key.encode(), self._codec.encode(event, record), timestamp=at)

    def _tables(self) -> tuple[BatchTable, ...]:
        return self._stories, self._topics, self._marks

    def _restored(self, _partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        stories, topics, marks = (tables[table] for table in self._tables())
        self._window = restored(self._bounds, stories, topics, marks.get(MARKS))
        self._ahead = False

    def _committed(self, _batch: Batch) -> None:
        self._ahead = False

    def _revoked(self, _partition: int) -> None:
        self._window = Window(self._bounds)
        self._ahead = False
