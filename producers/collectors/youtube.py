"""YouTube: uploads of channels and the comments on them, and sparingly what its search finds for the active keywords."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any

import orjson

from producers.asked import asked_for, is_asked
from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.keywords import ActiveKeywords, Keywords
from producers.latest import Latest
from producers.recent import Fresh, Recent, fresh, stored
from producers.settings import ProducerSettings
from producers.shares import Shares, had
from producers.wanted import NOTHING, Wanted, not_searched
from producers.youtube.client import CommentsOff, YouTube
from producers.youtube.items import comment_post, commented, found, uploaded, video_counts, video_post
from producers.youtube.quota import Quota
from schemas.boolean import Dialect
from schemas.errors import Fatal, Poison, Retryable

NAME = "youtube"
SEARCH, ENGAGEMENTS = "search", "engagements"
_DIALECT = Dialect(both=" ", either="|", exclude="-")
_CHANNEL = re.compile(r"UC[A-Za-z0-9_-]{22}\Z")
_LATEST, _QUOTA, _SHARES = "latest", "quota", "shares"
_HOUR_MS = 3_600_000


class YouTubePosts:
    """A source for each channel, by its id, one for the search, and one for the counts of the latest videos."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        channels = [one for one in settings.youtube_channels.replace(" ", "").split(",") if one]
        for channel in channels:
            if not _CHANNEL.match(channel):
                raise Fatal(f"DENYUT_YOUTUBE_CHANNELS: {channel!r} is no id of a channel (UC…)")
        self._channels = list(dict.fromkeys(channels))
        self._settings = settings
        self._keywords = keywords
        self._youtube = YouTube(settings)
        self.timeout_s: float | None = settings.run_timeout_s
        if not self.sources():
            raise Fatal("neither DENYUT_YOUTUBE_CHANNELS nor DENYUT_YOUTUBE_SEARCHES has anything to read")

    def sources(self) -> Sequence[str]:
        """Every channel, and search and counts where they are wanted."""
        found = [*self._channels, *([SEARCH] if self._settings.youtube_searches else [])]
        return [*found, ENGAGEMENTS] if found and self._settings.youtube_engagements else found

    def next_run_s(self, source: str) -> float | None:
        """The interval of each, for ever."""
        limits = self._settings
        special = {SEARCH: limits.youtube_search_interval_s, ENGAGEMENTS: limits.engagements_interval_s}
        return special.get(source, limits.youtube_interval_s)

    def check(self) -> str:
        """How many channels, how many searches, how often."""
        limits = self._settings
        return (
            f"{len(self._channels)} channels every {limits.youtube_interval_s:g} s, {limits.youtube_searches} keywords "
            f"searched for every {limits.youtube_search_interval_s:g} s, within {limits.youtube_quota} units a day"
        )

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- the web's own limits hold
        """Whether YouTube accepts the key; costs one unit."""
        self._youtube.videos(["jNQXAC9IVRw"], "id", self._quota({}), Event())
        return "YouTube answers"

    def canary(self, query: str, stop: Event) -> int:
        """Whether the video `query` is there; costs one unit, which is not metered."""
        return len(self._youtube.videos([query], "id", self._quota({}), stop))

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new of each; what was used of the quota is kept also where a run fails."""
        quota = self._quota(cursors)
        latest = Latest(
            cursors.get(_LATEST), self._settings.youtube_engagements, self._settings.engagements_hours
        )
        try:
            for batch in self._read(source, cursors, quota, latest, stop):
                latest.add(batch.items, "video")
                after = (Cursor(_QUOTA, quota.stored()), Cursor(_LATEST, latest.stored(now_ms())))
                yield replace(batch, cursors=(*batch.cursors, *after), quota_left=quota.left)
        except Retryable:
            yield Batch((), (Cursor(_QUOTA, quota.stored()),), None, quota.left)
            raise

    def _read(
        self, source: str, cursors: Mapping[str, str], quota: Quota, latest: Latest, stop: Event
    ) -> Iterator[Batch]:
        if source == SEARCH:
            yield from self._search(cursors, quota, stop)
        elif source == ENGAGEMENTS:
            yield self._counts(latest, quota, stop)
        else:
            yield self._uploads(source, cursors, quota, stop)
            yield self._comments(source, cursors, quota, stop)

    def _comments(self, channel: str, cursors: Mapping[str, str], quota: Quota, stop: Event) -> Batch:
        checkpoint = f"{channel}/comments"
        recent = stored(cursors.get(checkpoint))
        try:
            lines = fresh(
                self._youtube.comments(channel, quota, stop), commented, recent, f"{NAME}:{channel}"
            )
        except CommentsOff:
            return Batch((), (), "its comments are off")
        items = [
            _item(partial(comment_post, raw, channel, now_ms()), listed.id, raw)
            for listed, raw in reversed(lines.listed)
        ]
        return Batch([*lines.refused, *items], (Cursor(checkpoint, lines.after(recent)),), lines.lost(recent))

    def _counts(self, latest: Latest, quota: Quota, stop: Event) -> Batch:
        """The counts of the latest videos."""
        items: list[Item | Refused] = []
        for video in self._youtube.videos(latest.ids(now_ms()), "statistics", quota, stop):
            try:
                items.append(video_counts(video, now_ms()))
            except Poison as why:
                said = orjson.dumps(video)
                items.append(Refused(f"{NAME}:{ENGAGEMENTS}", said, len(said), why))
        return Batch(items)

    def _uploads(self, channel: str, cursors: Mapping[str, str], quota: Quota, stop: Event) -> Batch:
        checkpoint = f"{channel}/uploads"
        recent = stored(cursors.get(checkpoint))
        lines = fresh(self._youtube.uploads(channel, quota, stop), uploaded, recent, f"{NAME}:{channel}")
        return self._videos(lines, recent, checkpoint, channel, None, quota, stop)

    def _videos(
        self,
        lines: Fresh,
        recent: Recent,
        checkpoint: str,
        source: str,
        wanted: Wanted | None,
        quota: Quota,
        stop: Event,
    ) -> Batch:
        """The new videos with all that is said of them, oldest first."""
        ids = [listed.id for listed, _ in reversed(lines.listed)]
        items: list[Item | Refused] = list(lines.refused)
        answered = set()
        for video in self._youtube.videos(ids, "snippet,statistics", quota, stop):
            name = video.get("id") if isinstance(video, dict) else None
            answered.add(name)
            matched = [wanted.id] if wanted else []
            item = _item(partial(video_post, video, source, matched, now_ms()), str(name), video)
            if isinstance(item, Refused) or wanted is None or wanted.wants(item.record["published_at"]):
                items.append(item)
        silent = sum(one not in answered for one in ids)
        told = [
            one for one in (lines.lost(recent), f"{silent} videos are not public" if silent else None) if one
        ]
        return Batch(items, (Cursor(checkpoint, lines.after(recent)),), "; ".join(told) or None)

    def _search(self, cursors: Mapping[str, str], quota: Quota, stop: Event) -> Generator[Batch]:
        now = now_ms()
        wanted = {one.id: one for one in self._keywords.active(now)}
        if not wanted:
            yield Batch((), (), NOTHING)
            return
        weights = {name: one.priority for name, one in wanted.items()}
        shares = Shares(had(cursors.get(_SHARES)))
        wrong = []
        turns = asked_for(shares.order(weights))
        if not is_asked():
            turns = turns[: self._settings.youtube_searches]
        for name in turns:
            if stop.is_set():
                return
            shares.charge(name, weights[name], 1)
            turn = Cursor(_SHARES, orjson.dumps(shares.stored(weights)).decode())
            try:
                query = wanted[name].spelled(_DIALECT)
            except ValueError as error:
                wrong.append(f"{name} ({error})")
                # It has had its turn, also where the run fails: it keeps no other waiting.
                yield Batch((), (turn,))
                continue
            checkpoint = f"{SEARCH}/{name}"
            recent = stored(cursors.get(checkpoint), query)
            first = now - round(self._settings.youtube_first_hours * _HOUR_MS)
            after = datetime.fromtimestamp(max(first, wanted[name].monitoring_start or 0) / 1000, UTC)
            page = self._youtube.search(query, f"{after:%Y-%m-%dT%H:%M:%SZ}", quota, stop)
            lines = fresh([page], found, recent, f"{NAME}:{SEARCH}")
            batch = self._videos(lines, recent, checkpoint, SEARCH, wanted[name], quota, stop)
            yield replace(batch, cursors=(*batch.cursors, turn))
        if wrong:
            yield not_searched(wrong, of=len(turns))

    def _quota(self, cursors: Mapping[str, str]) -> Quota:
        return Quota(cursors.get(_QUOTA), self._settings.youtube_quota, now_ms())


def _item(post: Callable[[], Any], name: str, raw: Any) -> Item | Refused:
    said = orjson.dumps(raw)
    try:
        return Item("posts", post(), f"{NAME}:{name}", said)
    except Poison as why:
        return Refused(f"{NAME}:{name}", said, len(said), why)


def build(settings: ProducerSettings) -> YouTubePosts:
    """The collector as configured; raises Fatal where it has no key."""
    return YouTubePosts(settings, ActiveKeywords(settings))
