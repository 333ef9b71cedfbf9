"""`enrich`: posts become mentions, partials (of subjects and authors), fingerprints, receipts and dead letters; every id once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from processors.agents.events import event_in
from processors.agents.letters import Letters
from processors.batching import Batch, BatchApp, BatchTable, Handler, Record
from processors.clock import now_ms
from processors.logic.influencers.partials import AuthorFold
from processors.logic.meaning import Origin, Read
from processors.logic.partials import PartialFold, watermark_partial
from processors.logic.receipts import Tally
from processors.logic.seen import HOUR_MS, Expiry, judge, seen_key, unpack
from processors.logic.stories.fingerprints import fingerprint_of, watermark_fingerprint
from processors.settings import EnrichSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Millis, Partial, Post
from schemas.topics import MAX_POST_BYTES, TOPICS

_AHEAD_MS = 300_000
"""How far ahead of the clock an event may claim to be before it no longer moves the watermark."""
_FORGET_MIN = 100
_PROGRESS = "watermark"


class Reads(Protocol):
    """What reads posts; see `processors.logic.meaning.Reader`."""

    def mentions(self, posts: Sequence[tuple[Origin, Post]], enriched_at: int) -> list[Read]:
        """The mention of each post, in order."""


class Enrich:
    """The handler of `posts`. Rows: `seen` id → first offset and last hour; `progress` → [watermark, idle]."""

    def __init__(
        self,
        app: BatchApp,
        settings: EnrichSettings,
        codec: Codec,
        reader: Reads,
        ready: Callable[[], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._codec = codec
        self._letters = Letters("enrich", codec, settings.topic_prefix)
        self._reader = reader
        self._ready = ready
        self._reading = asyncio.Lock()
        self._keep_hours = max(round(settings.seen_days * 24), 1)
        self._seen: BatchTable = app.batch_table("seen")
        self._progress: BatchTable = app.batch_table("progress")
        self._expiries: dict[int, Expiry] = {}
        self._looked_at: dict[int, int] = {}
        self._said_at: dict[int, float] = {}
        """By partition: when it was last said to be idle (monotonic seconds)."""
        self._topics = {name: topic.full_name(settings.topic_prefix) for name, topic in TOPICS.items()}
        app.add_handler(
            Handler(
                name="posts",
                topics=(self._topics["posts"],),
                handle=self.handle,
                linger_s=settings.linger_s,
                max_records=settings.enrich_batch,
                tick_s=settings.idle_tick_s,
                restored=self._restored,
                committed=self._committed,
                revoked=self._revoked,
            )
        )

    async def handle(self, batch: Batch) -> None:
        """One batch: one receipt, and one outcome for every record. Without records: say so where all was read."""
        await self._ready()
        if not batch.records:
            self._rest(batch)
            return
        enriched_at = now_ms()
        tally = Tally()
        fresh = self._sort_out(batch, tally, enriched_at)
        # One thread at a time: the model uses what cores there are, and the score cache is not shared.
        async with self._reading:
            read = await asyncio.to_thread(self._reader.mentions, fresh, enriched_at)
        self._send_mentions(batch, read)
        self._send_partials(batch, read, enriched_at)
        self._send_author_partials(batch, read, enriched_at)
        receipt = tally.receipt(batch.partition, batch.start, batch.end, enriched_at)
        self._send(batch, "receipts", "receipt", str(batch.partition), receipt, enriched_at)
        self._forget(batch)

    def _sort_out(self, batch: Batch, tally: Tally, enriched_at: Millis) -> list[tuple[Origin, Post]]:
        """The posts that are new; all else is counted and, where it is no post, sent to the dead letters."""
        fresh: list[tuple[Origin, Post]] = []
        for record in batch.records:
            try:
                post = self._post(record)
            except Poison as error:
                self._letters.bury(batch, record, error, enriched_at)
                tally.add("dead_letter", "", record.timestamp, record.offset)
                continue
            key = seen_key(post["id"])
            hour = min(post["collected_at"], enriched_at + HOUR_MS) // HOUR_MS
            known = batch.get(self._seen, key)
            repeats, row = judge(known, record.offset, hour, self._keep_hours)
            if row is not None:
                batch.put(self._seen, key, row)
            source = f"{post['platform']}/{post['source']}"
            tally.add("repeat" if repeats else "mention", source, post["collected_at"], record.offset)
            if not repeats:
                fresh.append((Origin(record.topic, record.partition, record.offset), post))
        return fresh

    def _post(self, record: Record) -> Post:
        """The post in a record; raises Poison for anything else."""
        size = len(record.value or b"")
        if size > MAX_POST_BYTES:
            raise Poison("oversized", f"{size} bytes, at most {MAX_POST_BYTES} are allowed")
        post = event_in(self._codec, record, "post")
        if not post["id"] or record.key != post["id"].encode():
            # Equal ids would not meet in one partition, and repeats would pass.
            raise Poison("invalid", f"the key of post {post['id']!r} is not its id")
        return cast("Post", post)

    def _send_mentions(self, batch: Batch, read: Sequence[Read]) -> None:
        for mention, _, _, _ in read:
            self._send(batch, "mentions", "mention", mention["id"], mention, mention["collected_at"])

    def _send_partials(self, batch: Batch, read: Sequence[Read], enriched_at: Millis) -> None:
        before, idle = batch.get(self._progress, _PROGRESS) or (0, True)
        fold = PartialFold()
        for mention, terms, text, signature in read:
            fold.add(mention, terms)
            if signature is not None or len(terms) > 1:
                told = fingerprint_of(mention, text, signature, batch.partition, before)
                self._send(batch, "fingerprints", "fingerprint", mention["id"], told, enriched_at)
        latest = enriched_at + _AHEAD_MS
        highest = max([before, *(min(mention["event_at"], latest) for mention, _, _, _ in read)])
        totals = fold.totals(batch.partition, before, enriched_at)
        if totals["sources"]:
            self._spread(batch, totals)
        for partial in fold.partials(batch.partition, before, highest, enriched_at):
            key = f"{partial['subject_kind']}:{partial['subject']}"
            self._send(batch, "partials", "partial", key, partial, enriched_at)
        if highest != before or idle:
            self._tell(batch, highest, enriched_at, idle=False)
        # What is owed is the word that all was read, once it was.
        batch.put(self._progress, _PROGRESS, [highest, False])
        batch.pending = 1

    def _send_author_partials(self, batch: Batch, read: Sequence[Read], enriched_at: Millis) -> None:
        fold = AuthorFold()
        for mention, _, text, _ in read:
            fold.add(mention, text)
        for partial in fold.partials(enriched_at):
            self._send(batch, "author-partials", "author_partial", partial["author"], partial, enriched_at)

    def _rest(self, batch: Batch) -> None:
        """Say that all was read, and again now and then: what is idle may not be for long."""
        highest, idle = batch.get(self._progress, _PROGRESS) or (0, False)
        if not batch.caught_up:
            batch.pending = 0 if idle else 1
            return
        now_s = time.monotonic()
        if idle and now_s - self._said_at.get(batch.partition, 0.0) < self._settings.idle_again_s:
            return
        self._said_at[batch.partition] = now_s
        self._tell(batch, highest, now_ms(), idle=True)
        batch.put(self._progress, _PROGRESS, [highest, True])

    def _tell(self, batch: Batch, watermark: Millis, at: Millis, *, idle: bool) -> None:
        """Send a watermark to every partition of `partials`, and to `fingerprints`."""
        self._spread(batch, watermark_partial(batch.partition, watermark, at, idle=idle))
        told = watermark_fingerprint(batch.partition, watermark, at, idle=idle)
        self._send(batch, "fingerprints", "fingerprint", str(batch.partition), told, at)

    def _spread(self, batch: Batch, partial: Partial) -> None:
        """Send a watermark or totals to every partition of `partials`."""
        value = self._codec.encode("partial", partial)
        key = f"{partial['subject_kind']}:{partial['subject']}".encode()
        for partition in range(self._settings.partitions):
            batch.send(
                self._topics["partials"], key, value, partition=partition, timestamp=partial["enriched_at"]
            )

    def _forget(self, batch: Batch) -> None:
        """Delete ids whose time is up, a few with every batch."""
        keys, self._looked_at[batch.partition] = self._expiries[batch.partition].due(
            batch.rows(self._seen), 2 * len(batch.records) + _FORGET_MIN
        )
        touched = batch.writes.get(self._seen, {})
        for key in keys:
            if key not in touched:
                batch.put(self._seen, key, None)

    def _send(
        self, batch: Batch, topic: str, event: str, key: str, record: Mapping[str, Any], at: Millis
    ) -> None:
        batch.send(self._topics[topic], key.encode(), self._codec.encode(event, record), timestamp=at)

    def _restored(self, partition: int, tables: Mapping[BatchTable, Mapping[str, Any]]) -> None:
        expiry = self._expiries[partition] = Expiry(self._keep_hours)
        expiry.restore(tables[self._seen])

    def _committed(self, batch: Batch) -> None:
        if not batch.records:
            return
        expiry = self._expiries[batch.partition]
        expiry.forget(self._looked_at.pop(batch.partition, 0))
        for key, row in batch.writes.get(self._seen, {}).items():
            if row is not None:
                expiry.note(key, unpack(row)[1])

    def _revoked(self, partition: int) -> None:
        self._expiries.pop(partition, None)
        self._looked_at.pop(partition, None)
        self._said_at.pop(partition, None)
