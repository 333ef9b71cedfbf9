"""`stories`: fingerprints become stories, the links and turns of their posts, partials of copies and of authors that follow, trends of pairs."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, cast

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.agents.pairs import Pairs
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.influencers.follows import FollowFold
from processors.logic.reach import Reach
from processors.logic.stories.copies import CopyFold, counted_up_to
from processors.logic.stories.draft import Bounds, Draft
from processors.logic.stories.fingerprints import SHORT, WATERMARK, check
from processors.logic.stories.index import Index
from processors.logic.stories.rows import TOUCHED, restored, story_id
from processors.logic.stories.turns import TurnFold
from processors.settings import StoriesSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Fingerprint, Millis
from schemas.topics import TOPICS

_TICK_S = 1.0


class Stories:
    """The handler of `fingerprints`, which has one partition.

    Rows: `stories` and `texts` (see `logic.stories.rows`), and in `told` how far each partition of posts is, as it was told to `trends`
    (`N` → [watermark, idle]); and those of pairs (see `agents.pairs`).
    """

    def __init__(self, app: BatchApp, settings: StoriesSettings, codec: Codec) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("stories", codec, settings.topic_prefix)
        self._bounds = Bounds(int(settings.story_hours * 3_600_000), settings.stories_kept)
        self._stories: BatchTable = app.batch_table("stories")
        self._texts: BatchTable = app.batch_table("texts")
        self._told: BatchTable = app.batch_table("told")
        self._pairs = Pairs(app, settings, codec)
        self._ahead = False
        """Whether pairs know of what has not committed."""
        self._index = Index()
        self._number = self._touched = 0
        self._heard = Reach({})
        self._drafted: tuple[Draft, Reach] | None = None
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name="fingerprints",
                topics=(self._topics["fingerprints"],),
                handle=self.handle,
                linger_s=settings.gather_s,
                max_records=settings.stories_batch,
                tick_s=_TICK_S,
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: a link for every post, a revision of every story that it changed, how far it is, and windows of pairs that are over."""
        # In a thread, so that the worker's heartbeats go on.
        await asyncio.to_thread(self._work, batch)

    def _work(self, batch: Batch) -> None:
        if self._ahead:
            self._pairs.restore({table: batch.rows(table) for table in self._pairs.tables})
        self._ahead, self._drafted = True, None
        if batch.records:
            self._tell_stories(batch)
        batch.pending = int(self._pairs.tell(batch, now_ms()))
        # An empty batch without effects changes nothing, and does not commit.
        self._ahead = bool(batch.records) or batch.has_effects

    def _tell_stories(self, batch: Batch) -> None:
        draft = Draft(
            self._index,
            lambda key: batch.get(self._stories, key),
            self._bounds,
            self._number,
            self._touched,
        )
        heard, copies, follows, turns = self._heard.copy(), CopyFold(), FollowFold(), TurnFold()
        latest = 0
        for told in self._fingerprints(batch):
            latest = max(latest, told["enriched_at"])
            if told["kind"] in (WATERMARK, SHORT):
                self._pairs.hear(told, copy=False)
                if told["kind"] == SHORT:
                    turns.count(told)
                else:
                    turns.hear(told)
                    heard.hear(told["source_partition"], told["watermark"], idle=told["idle"])
                continue
            link = draft.join(told)
            self._pairs.hear(told, copy=link["is_copy"])
            turns.count(told)
            turns.join(told, link["story_id"], is_copy=link["is_copy"])
            if link["is_copy"]:
                copies.add(told)
            parent = told["parent_id"]
            answered = None if parent is None else draft.author(story_id(parent))
            follows.add(told, link, draft.author(link["story_id"]), answered)
            self._send(batch, "story-links", "story_link", link["story_id"], link, told["enriched_at"])
        draft.finish()
        stories = list(draft.stories())
        for story in stories:
            self._send(batch, "stories", "story", story["id"], story, story["updated_at"])
        for turn in turns.turns(stories, self._heard, heard, latest):
            self._send(batch, "story-turns", "story_turn", turn["id"], turn, turn["updated_at"])
        for of_author in follows.partials():
            at = of_author["enriched_at"]
            self._send(batch, "author-partials", "author_partial", of_author["author"], of_author, at)
        # The copies first: a reader that hears how far they are counted must have them.
        for partial in copies.partials(self._heard, latest):
            key = f"{partial['subject_kind']}:{partial['subject']}"
            self._send(batch, "partials", "partial", key, partial, latest)
        for partition in heard.changes(self._heard):
            self._tell(batch, heard, partition, latest)
        self._put(batch, draft, heard)
        self._drafted = draft, heard

    def _fingerprints(self, batch: Batch) -> Iterator[Fingerprint]:
        """Those of a batch; anything else becomes a dead letter."""
        for record in batch.records:
            try:
                yield self._fingerprint(record)
            except Poison as error:
                # Only enrich writes here, so this is a defect: seen in the dead letters.
                self._letters.bury(batch, record, error, now_ms())

    def _fingerprint(self, record: Record) -> Fingerprint:
        """The fingerprint in a record; raises Poison for anything else."""
        told = cast("Fingerprint", event_in(self._codec, record, "fingerprint"))
        if told["kind"] != WATERMARK:
            check(told)
        return told

    def _tell(self, batch: Batch, heard: Reach, partition: int, at: Millis) -> None:
        """Tell every partition of `partials` how far copies are counted."""
        partial = counted_up_to(heard, partition, at)
        value = self._codec.encode("partial", partial)
        key = f"{partial['subject_kind']}:{partial['subject']}".encode()
        for number in range(self._settings.partitions):
            batch.send(self._topics["partials"], key, value, partition=number, timestamp=at)

    def _put(self, batch: Batch, draft: Draft, heard: Reach) -> None:
        for key, row in draft.rows.items():
            batch.put(self._stories, key, row)
        for key, row in draft.texts.items():
            batch.put(self._texts, key, row)
        for partition, told in heard.changes(self._heard).items():
            batch.put(self._told, str(partition), told)

    def _send(
        self, batch: Batch, topic: str, event: str, key: str, record: Mapping[str, Any], at: Millis
    ) -> None:
        batch.send(self._topics[topic], key.encode(), self._codec.encode(event, record), timestamp=at)

    def _restored(self, _partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        stories = tables[self._stories]
        self._index = restored(stories, tables[self._texts])
        self._number = self._index.highest + 1
        self._touched = max((row[TOUCHED] for row in stories.values()), default=-1) + 1
        self._heard = Reach({int(name): (row[0], row[1]) for name, row in tables[self._told].items()})
        self._pairs.restore(tables)
        self._ahead = False

    def _committed(self, _batch: Batch) -> None:
        self._ahead = False
        if self._drafted is None:
            return
        draft, self._heard = self._drafted
        self._index.take(draft.changes)
        self._number, self._touched = draft.number, draft.touched
        self._drafted = None

    def _revoked(self, _partition: int) -> None:
        self._index = Index()
        self._heard = Reach({})
        self._drafted = None
        self._pairs.restore({table: {} for table in self._pairs.tables})
        self._ahead = False
