"""`influencers`: author partials become rolling profiles, with a score of parts and signals with their evidence."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from prometheus_client import Counter

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.influencers.draft import Draft
from processors.logic.influencers.known import Known
from processors.logic.influencers.profile import influencer
from processors.settings import InfluencersSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import AuthorPartial
from schemas.metrics import METRICS
from schemas.topics import TOPICS

FORGOTTEN = Counter("denyut_influencers_forgotten_total", METRICS["denyut_influencers_forgotten_total"])
UNKNOWN = Counter("denyut_influencers_unknown_total", METRICS["denyut_influencers_unknown_total"])


class Influencers:
    """The handler of `author-partials`. Rows: `authors` platform:author → what is known (see `logic.influencers.rows`).

    At most so many authors are kept per partition (a setting); the longest silent are forgotten first and counted, and
    begin anew when they write again. Every batch publishes each author that it touched once.
    """

    def __init__(self, app: BatchApp, settings: InfluencersSettings, codec: Codec) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("influencers", codec, settings.topic_prefix)
        self._authors: BatchTable = app.batch_table("authors")
        self._known: dict[int, Known] = {}
        self._drafted: dict[int, tuple[Draft, int]] = {}
        """By partition: the batch at work, and how much it tells of authors that are not remembered."""
        self._working = asyncio.Lock()
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name="author-partials",
                topics=(self._topics["author-partials"],),
                handle=self.handle,
                linger_s=settings.influencers_linger_s,
                max_records=settings.influencers_batch,
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: a revision of every author that it tells of."""
        # In a thread, so that the worker's heartbeats go on; one at a time, for the work is all Python.
        async with self._working:
            await asyncio.to_thread(self._work, batch)

    def _work(self, batch: Batch) -> None:
        draft = Draft(
            self._known[batch.partition],
            lambda author: batch.get(self._authors, author),
            self._settings.authors_kept,
        )
        unknown = 0
        for record in batch.records:
            try:
                partial = self._partial(record)
            except Poison as error:
                # Only enrich and stories write here, so this is a defect: seen in the dead letters.
                self._letters.bury(batch, record, error, now_ms())
                continue
            unknown += not draft.add(partial)
        for author, row in draft.changed():
            profile = influencer(author, row)
            value = self._codec.encode("influencer", profile)
            batch.send(self._topics["influencers"], author.encode(), value, timestamp=profile["updated_at"])
        for author, after in draft.rows.items():
            batch.put(self._authors, author, after)
        self._drafted[batch.partition] = draft, unknown

    def _partial(self, record: Record) -> AuthorPartial:
        """The partial in a record; raises Poison for anything else."""
        partial = cast("AuthorPartial", event_in(self._codec, record, "author_partial"))
        if not partial["author"] or record.key != partial["author"].encode():
            # What is told of one author would not meet in one partition.
            raise Poison("invalid", f"the key of a partial of {partial['author']!r} is not its author")
        return partial

    def _restored(self, partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        self._known[partition] = Known(tables[self._authors])

    def _committed(self, batch: Batch) -> None:
        drafted = self._drafted.pop(batch.partition, None)
        if drafted is None:
            return
        draft, unknown = drafted
        draft.commit()
        FORGOTTEN.inc(draft.forgotten)
        UNKNOWN.inc(unknown)

    def _revoked(self, partition: int) -> None:
        self._known.pop(partition, None)
        self._drafted.pop(partition, None)
