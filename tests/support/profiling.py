"""The handler of `influencers` over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, cast

from processors.agents.influencers import Influencers
from processors.batching import Batch, BatchApp
from processors.logic.fingerprint import fingerprint
from processors.logic.folded import fold
from processors.logic.influencers.partials import AuthorFold
from processors.logic.stories.fingerprints import fingerprint_of
from processors.logic.stories.signature import signature
from processors.settings import InfluencersSettings
from schemas.events import AuthorPartial, Fingerprint, Influencer, Mention
from schemas.topics import TOPICS
from tests.support.alerting import Read
from tests.support.mentions import mention
from tests.support.stages import CODEC

START = 1_440_374_400_000
"""The beginning of a day in UTC."""


class Profiler:
    """One partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self._given = settings
        self.sent: list[Influencer] = []
        self.letters: list[dict[str, Any]] = []
        self.offset = 0
        self._runner = asyncio.Runner()
        self._start()

    def _start(self) -> None:
        self._settings = InfluencersSettings(**self._given)
        self._app = BatchApp(id="profiler.influencers", broker="127.0.0.1:1", partitions=1)
        Influencers(self._app, self._settings, CODEC)
        (self._handler,) = self._app.handlers.values()
        self._restore()

    def _restore(self) -> None:
        assert self._handler.restored is not None
        self._handler.restored(0, {table: table.rows(0) for table in self._app.batch_tables})

    def tell(self, *told: AuthorPartial, commit: bool = True) -> None:
        """One batch."""
        self.raw(
            *((one["author"].encode(), CODEC.encode("author_partial", one)) for one in told), commit=commit
        )

    def tell_all(self, told: Sequence[AuthorPartial], size: int) -> None:
        """Batches of that size."""
        for at in range(0, len(told), size):
            self.tell(*told[at : at + size])

    def raw(self, *pairs: tuple[bytes | None, bytes | None], commit: bool = True) -> None:
        """One batch of records of bytes as they are."""
        topic = TOPICS["author-partials"].full_name(self._settings.topic_prefix)
        records = [Read(topic, 0, self.offset + number, 0, *pair) for number, pair in enumerate(pairs)]
        batch = Batch(
            handler="author-partials",
            topic=topic,
            partition=0,
            records=records,
            start=self.offset,
            end=self.offset + len(records),
            caught_up=True,
            max_record_bytes=1_000_000,
        )
        self._runner.run(cast("Coroutine[Any, Any, None]", self._handler.handle(batch)))
        if not commit:
            return
        self.offset = batch.end
        for table, writes in batch.writes.items():
            table.apply(0, writes)
        assert self._handler.committed is not None
        self._handler.committed(batch)
        into: dict[str, list[Any]] = {"influencer": self.sent, "dead_letter": self.letters}
        for _, _, value, _, _ in batch.outputs:
            assert value is not None
            decoded = CODEC.decode(value)
            into[decoded.event].append(decoded.record)

    def crash(self) -> None:
        """Lose all memory and come back from what the changelog holds, in whatever order compaction has left it."""
        (table,) = self._app.batch_tables
        pairs = sorted(table.changelog_records(table.rows(0)), reverse=True)
        self._start()
        (table,) = self._app.batch_tables
        table.load(0, [Read(table.changelog, 0, n, 0, *pair) for n, pair in enumerate(pairs)])
        self._restore()

    @property
    def rows(self) -> Mapping[str, Any]:
        """The committed rows."""
        (table,) = self._app.batch_tables
        return table.rows(0)

    def latest(self) -> dict[str, Influencer]:
        """The highest revision of every author; the last one sent is the highest."""
        found: dict[str, Influencer] = {}
        for one in self.sent:
            known = found.get(one["id"])
            assert known is None or known["revision"] < one["revision"]
            found[one["id"]] = one
        return found


def said(number: int, author: str, at: int, text: str, **changes: Any) -> Mention:
    """A mention `x:NUMBER` by `x:AUTHOR` at so many milliseconds after START, enriched a second later."""
    when = {"event_at": START + at, "published_at": START + at, "collected_at": START + at}
    own = {"author_id": author, "author_handle": None, "author_followers": None, "author_verified": None}
    made = mention(number, text=text, fingerprint=fingerprint(fold(text)), **when, **own)
    return cast("Mention", made | {"sentiment": "neutral", "enriched_at": START + at + 1000} | changes)


def partials(mentions: Iterable[Mention], size: int = 50) -> list[AuthorPartial]:
    """What `enrich` tells of them, in batches of that size."""
    told = list(mentions)
    made: list[AuthorPartial] = []
    for at in range(0, len(told), size):
        batch = AuthorFold()
        for one in told[at : at + size]:
            batch.add(one, one["text"])
        made += batch.partials(max(one["enriched_at"] for one in told[at : at + size]))
    return made


def told_to_stories(mentions: Iterable[Mention]) -> list[Fingerprint]:
    """The fingerprints of those that are long enough."""
    found = ((one, signature(fold(one["text"]))) for one in mentions)
    return [fingerprint_of(one, one["text"], sign, 0, 0) for one, sign in found if sign is not None]
