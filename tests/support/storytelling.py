"""The handler of `stories` over rows in memory: batches, commits, and crashes with and without their commit."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from typing import Any, cast

from processors.agents.stories import Stories
from processors.batching import Batch, BatchApp
from processors.logic.folded import fold
from processors.logic.stories.fingerprints import EXCERPT
from processors.logic.stories.signature import signature
from processors.settings import StoriesSettings
from schemas.events import AuthorPartial, Fingerprint, Partial, Story, StoryLink
from schemas.topics import TOPICS
from tests.support.alerting import Read
from tests.support.reprints import Told
from tests.support.stages import CODEC

START = 1_440_381_600_000
MINUTE = 60_000
HOUR = 60 * MINUTE


class Teller:
    """The one partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self._given = settings
        self.links: list[StoryLink] = []
        self.stories: list[Story] = []
        self.partials: list[Partial] = []
        self.author_partials: list[AuthorPartial] = []
        self.letters: list[dict[str, Any]] = []
        self.offset = 0
        self._runner = asyncio.Runner()
        self._start()

    def _start(self) -> None:
        self._settings = StoriesSettings(**self._given)
        self._app = BatchApp(id="teller.stories", broker="127.0.0.1:1", partitions=1)
        Stories(self._app, self._settings, CODEC)
        (self._handler,) = self._app.handlers.values()
        self._restore()

    def _restore(self) -> None:
        assert self._handler.restored is not None
        self._handler.restored(0, {table: table.rows(0) for table in self._app.batch_tables})

    def tell(self, *told: Fingerprint, commit: bool = True) -> None:
        """One batch."""
        self.raw(
            *((one["post_id"].encode(), CODEC.encode("fingerprint", one)) for one in told), commit=commit
        )

    def tell_all(self, told: Sequence[Fingerprint], size: int) -> None:
        """Batches of that size."""
        for at in range(0, len(told), size):
            self.tell(*told[at : at + size])

    def raw(self, *pairs: tuple[bytes | None, bytes | None], commit: bool = True) -> None:
        """One batch of records of bytes as they are."""
        topic = TOPICS["fingerprints"].full_name(self._settings.topic_prefix)
        records = [Read(topic, 0, self.offset + number, 0, *pair) for number, pair in enumerate(pairs)]
        batch = Batch(
            handler="fingerprints",
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
        into: dict[str, list[Any]] = {
            "story_link": self.links,
            "story": self.stories,
            "partial": self.partials,
            "author_partial": self.author_partials,
            "dead_letter": self.letters,
        }
        for _, _, value, _, _ in batch.outputs:
            assert value is not None
            decoded = CODEC.decode(value)
            into[decoded.event].append(decoded.record)

    def crash(self) -> None:
        """Lose all memory and come back from what the changelogs hold, in whatever order compaction has left it."""
        logs = {table.name: table.changelog_records(table.rows(0)) for table in self._app.batch_tables}
        self._start()
        for table in self._app.batch_tables:
            pairs = sorted(logs[table.name], reverse=True)
            table.load(0, [Read(table.changelog, 0, n, 0, *pair) for n, pair in enumerate(pairs)])
        self._restore()

    def rows(self, name: str) -> Mapping[str, Any]:
        """The committed rows of a table."""
        return next(table for table in self._app.batch_tables if table.name == name).rows(0)

    def latest(self) -> dict[str, Story]:
        """The highest revision of every story; the last one sent is the highest."""
        found: dict[str, Story] = {}
        for story in self.stories:
            known = found.get(story["id"])
            assert known is None or known["revision"] < story["revision"]
            found[story["id"]] = story
        return found


def fingerprint(text: str, number: int, **changes: Any) -> Fingerprint:
    """The fingerprint of the post `news:NUMBER` that says `text`, a minute after the one before."""
    made = signature(fold(text))
    assert made is not None
    record: dict[str, Any] = {
        "post_id": f"news:{number}",
        "kind": "article",
        "platform": "news",
        "source": "wire",
        "url": None,
        "author": f"news:a{number % 5}",
        "parent_id": None,
        "sentiment": "neutral",
        "subjects": ["symbol:BBCA.JK"],
        "excerpt": text[:EXCERPT],
        "shingles": made.shingles,
        "signature": made.hashes,
        "day_only": False,
        "event_at": START + number * MINUTE,
        "collected_at": START + number * MINUTE,
        "source_partition": number % 4,
        "watermark": 0,
        "idle": False,
        "enriched_at": START + number * 1000,
    }
    return cast("Fingerprint", record | changes)


def fingerprints(told: Iterable[Told]) -> list[Fingerprint]:
    """Generated posts as `enrich` tells of them: of those with too few words it does not."""
    return [fingerprint(one.text, one.number, source=one.source) for one in told if signature(fold(one.text))]


def measured(told: Sequence[Told], links: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    """(precision, recall) of links: a copy is found where its story begins with a post that says the same.

    In whatever order they were read, all posts of a group but one are copies.
    """
    by_post = {link["post_id"]: link for link in links}
    begins = {link["story_id"]: link["post_id"] for link in by_post.values() if not link["is_copy"]}
    groups = {f"news:{one.number}": one.group for one in told}
    found = [link for link in by_post.values() if link["is_copy"]]
    right = sum(groups[begins[link["story_id"]]] == groups[link["post_id"]] for link in found)
    return right / len(found), right / (len(told) - len(set(groups.values())))
