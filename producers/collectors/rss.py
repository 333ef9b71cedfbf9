"""RSS and Atom: news feeds, each polled on its own, only what is new of them."""

import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import structlog
from pydantic import ValidationError

from producers.base import Batch, Cursor, Item, Refused
from producers.canaries.turns import of_the_hour
from producers.clock import now_ms
from producers.rss.entries import Parsed, as_post, parse, raw
from producers.rss.feeds import SHIPPED, Feed, load_feeds
from producers.rss.identity import native_id
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import Limits
from producers.web.memory import Memory, key
from schemas.errors import Backpressure, Poison, Retryable
from schemas.events import Post

if TYPE_CHECKING:
    from producers.rss.full_text import FullText

NAME = "rss"
_ACCEPT = "application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
_REMEMBERED = 50_000
_SHARE = 0.75
"""Of the time of a run after which no further article is read in full, so that none is cut."""


class Rss:
    """The feeds of one list; the name of a feed is its source."""

    name = NAME

    def __init__(self, settings: ProducerSettings) -> None:
        self._feeds = {feed.name: feed for feed in load_feeds(settings.rss_feeds)}
        self._list: Path = settings.rss_feeds or SHIPPED
        self._interval_s = settings.rss_interval_s
        self._full = _full_text(settings) if settings.rss_full_text else None
        self._run_s = settings.run_timeout_s * _SHARE
        self._fetcher = Fetcher(settings, _limits(settings), _ACCEPT)
        self.parallel = settings.rss_parallel
        self.timeout_s: float | None = settings.run_timeout_s
        self._lock = Lock()
        self._published: dict[str, None] = {}
        """Ids that some feed of this process has published: outlets list one article in several of their feeds."""

    def sources(self) -> Sequence[str]:
        """Every feed."""
        return list(self._feeds)

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The interval, for ever."""
        return self._interval_s

    def check(self) -> str:
        """How many feeds of which list, and how often."""
        languages = ", ".join(sorted({feed.language for feed in self._feeds.values()}))
        return f"{len(self._feeds)} feeds ({languages}) of {self._list}, every {self._interval_s:g} s"

    def reach(self, patience_s: float) -> str:
        """How many feeds answer; raises Retryable where none does."""
        stop = Event()

        def ask(feed: Feed) -> str | None:
            try:
                self._fetcher.get(feed.url, None, None, stop, patience_s)
            except Retryable as error:
                return f"{feed.name} ({error})"
            return None

        with ThreadPoolExecutor(min(16, len(self._feeds))) as pool:
            failed = [told for told in pool.map(ask, self._feeds.values()) if told is not None]
        if len(failed) == len(self._feeds):
            raise Retryable(f"none of {len(failed)} feeds answers; the first: {failed[0]}")
        rest = f"; not: {', '.join(failed)}" if failed else ""
        return f"{len(self._feeds) - len(failed)} of {len(self._feeds)} feeds answer{rest}"

    def canary(self, query: str, stop: Event) -> int:  # noqa: ARG002 -- its own feeds are asked
        """How many entries one of the feeds has, another one each hour, asked for as if nothing of it were known."""
        answer = self._fetcher.get(of_the_hour(list(self._feeds.values())).url, None, None, stop)
        return 0 if answer is None else len(parse(answer).entries)

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new in the feed `source`."""
        feed = self._feeds[source]
        memory = _remembered(cursors.get(source), feed)
        answer = self._fetcher.get(feed.url, memory.etag, memory.modified, stop)
        if answer is None:
            return
        parsed = parse(answer)
        items, keys, ids = self._new(feed, parsed, memory, stop)
        remark, whole = parsed.remark, parsed.whole
        if self._full is not None:
            short, unread = yield from self._in_full(feed, self._full, memory, items, stop)
            if short:
                remark = f"{short} articles could not be read in full{f'; {remark}' if remark else ''}"
            keys = [one for one in keys if one not in unread]
            ids = [one for one in ids if key(one) not in unread]
            items, whole = [], whole and not unread
        # A feed that was not whole is asked for again, unchanged or not.
        etag, modified = (answer.etag, answer.modified) if whole else (None, None)
        after = memory.after(feed.url, keys, etag, modified)
        yield Batch(items, (Cursor(source, after.model_dump_json()),), remark, answer.quota_left)
        self._remember(ids)

    def _in_full(
        self,
        feed: Feed,
        full: "FullText",
        memory: Memory,
        items: Sequence[Item | Refused],
        stop: Event,
    ) -> Generator[Batch, None, tuple[int, set[str]]]:
        """`items` one by one, each with the text of its page: (those that kept their summary, keys of those left for later)."""
        end = time.monotonic() + self._run_s
        short, done = 0, []
        throttling: set[str] = set()
        unread = {_key_of(item) for item in items}
        for item in items:
            if stop.is_set() or time.monotonic() >= end:
                break
            offered = item
            if isinstance(item, Item):
                host = _host_of(item)
                try:
                    if host in throttling:
                        raise Retryable(f"{host} wants to be asked less")  # noqa: TRY301 -- as if it said so again
                    offered = item._replace(record=full.of(cast("Post", item.record), feed, stop))
                except Retryable as error:
                    if stop.is_set():
                        break
                    # A host that throttles says nothing of the feed: its own articles keep their summaries.
                    if isinstance(error, Backpressure):
                        throttling.add(host)
                    short += 1
                    structlog.get_logger().info("article_short", origin=item.origin, why=str(error))
            done.append(_key_of(item))
            unread.discard(done[-1])
            after = memory.after(feed.url, done, None, None)
            yield Batch([offered], (Cursor(feed.name, after.model_dump_json()),))
        return short, unread

    def _new(
        self, feed: Feed, parsed: Parsed, memory: Memory, stop: Event
    ) -> tuple[list[Item | Refused], list[str], list[str]]:
        """(what is new, oldest first; the keys of all entries; the ids of the new posts)."""
        known = set(memory.seen)
        items: list[Item | Refused] = []
        keys, ids = [], []
        for entry in reversed(parsed.entries):
            if stop.is_set():
                raise Retryable("told to stop while its entries were read")
            try:
                identity = f"{feed.platform}:{native_id(entry, feed.url)}"
            except Poison:
                identity = raw(entry).decode()
            keys.append(key(identity))
            if keys[-1] in known:
                continue
            known.add(keys[-1])
            with self._lock:
                if identity in self._published:
                    continue
            origin = f"{NAME}:{feed.name}:{keys[-1]}"
            try:
                post = as_post(entry, feed, NAME, now_ms())
            except Poison as why:
                said = raw(entry)
                items.append(Refused(origin, said, len(said), why))
            else:
                items.append(Item("posts", post, origin, raw(entry)))
                ids.append(post["id"])
        return items, keys, ids

    def _remember(self, ids: Sequence[str]) -> None:
        with self._lock:
            self._published.update(dict.fromkeys(ids))
            while len(self._published) > _REMEMBERED:
                del self._published[next(iter(self._published))]


def _key_of(item: Item | Refused) -> str:
    return item.origin.rpartition(":")[2]


def _host_of(item: Item) -> str:
    """Of its article; empty where it has no address that can be read."""
    try:
        return urlsplit(item.record["url"] or "").netloc
    except ValueError:
        return ""


def build(settings: ProducerSettings) -> Rss:
    """The collector as configured."""
    return Rss(settings)


def _full_text(settings: ProducerSettings) -> "FullText":
    # Imported when asked for: trafilatura takes two seconds.
    from producers.rss.full_text import FullText  # noqa: PLC0415 -- said above

    return FullText(settings)


def _limits(settings: ProducerSettings) -> Limits:
    return Limits(
        settings.rss_connect_s,
        settings.rss_read_s,
        settings.rss_total_s,
        settings.rss_max_bytes,
        "DENYUT_RSS_MAX_BYTES",
    )


def _remembered(stored: str | None, feed: Feed) -> Memory:
    """The memory of `feed`; what it was told by another address says nothing about this one's changes."""
    if stored is None:
        return Memory()
    try:
        memory = Memory.model_validate_json(stored)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", feed=feed.name)
        return Memory()
    return memory if memory.url == feed.url else memory.model_copy(update={"etag": None, "modified": None})
