"""Instagram: the newest media with the hashtags of the active keywords, thirty hashtags in seven days."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event

import orjson

from producers.asked import asked_for
from producers.base import Batch, Cursor, Item, Lasting, Refused
from producers.clock import now_ms
from producers.fields import text
from producers.graph.client import Graph
from producers.graph.hashtags import MOST, Hashtags, hashtag
from producers.graph.things import MEDIA_FIELDS, medium_post, said, tagged
from producers.keywords import ActiveKeywords, Keywords
from producers.recent import fresh, stored
from producers.settings import ProducerSettings
from producers.shares import Shares, had
from producers.wanted import NOTHING, Wanted
from schemas.errors import Fatal, Poison, Retryable

NAME = "instagram"
SOURCE = "hashtags"
_ASKED, _SHARES = "asked", "shares"
_SIZE = "50"


class Instagram:
    """One source. Each hashtag has a cursor of its own, `hashtag/TAG`."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._user = settings.instagram_user
        if not self._user:
            raise Fatal("DENYUT_INSTAGRAM_USER is not set: the id of the account that asks")
        self._interval_s = settings.instagram_interval_s
        self._keywords = keywords
        self._graph = Graph(settings, settings.instagram_token, "DENYUT_INSTAGRAM_TOKEN")
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """The hashtags."""
        return [SOURCE]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The interval, for ever."""
        return self._interval_s

    def check(self) -> str:
        """How many hashtags, and how often."""
        return f"hashtags of the active keywords, {MOST} in seven days, every {self._interval_s:g} s"

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- the web's own limits hold
        """Whether Instagram lets the token ask; costs no hashtag."""
        self._graph.one(f"{self._user}/recently_searched_hashtags", {"limit": "30"}, Event())
        return "Instagram answers"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:  # noqa: ARG002
        """What is new with each hashtag that may be asked for; of others, whoever has had least comes first."""
        now = now_ms()
        wanted = self._keywords.active(now)
        if not wanted:
            yield Batch((), (), NOTHING)
            return
        weights = {one.id: one.priority for one in wanted}
        shares, hashtags = Shares(had(cursors.get(_SHARES))), Hashtags(cursors.get(_ASKED), now)
        tags = _by_tag(wanted, asked_for(shares.order(weights)))
        untaggable = tags.pop("", [])
        waiting: list[Wanted] = []
        refused: list[str] = []
        for tag, sharing in tags.items():
            if stop.is_set():
                return
            counts = hashtags.admit(tag)
            if counts is None:
                waiting += sharing
                continue
            for one in sharing:
                shares.charge(one.id, one.priority, 1)
            turn = Cursor(_SHARES, orjson.dumps(shares.stored(weights)).decode())
            if counts:
                # Before it is asked for: after a crash it has counted, as it may have with Instagram.
                yield Batch((), (turn, Cursor(_ASKED, hashtags.stored())), None, hashtags.left)
            batch = self._unless_refused(sharing, tag, hashtags, cursors, stop)
            if isinstance(batch, Lasting):
                refused.append(f"#{tag}: {batch}")
                continue
            after = (*batch.cursors, turn, Cursor(_ASKED, hashtags.stored()))
            yield Batch(batch.items, after, batch.remark, hashtags.left)
        told = _told(untaggable, waiting, refused, hashtags)
        if refused and len(refused) == len(tags):
            raise Lasting(told)
        if told:
            yield Batch((), (), told)

    def _unless_refused(
        self, wanted: Sequence[Wanted], tag: str, hashtags: Hashtags, cursors: Mapping[str, str], stop: Event
    ) -> Batch | Lasting:
        """As `_tagged`; a hashtag that Instagram thinks offensive must not keep the others from being asked for."""
        try:
            return self._tagged(wanted, tag, hashtags, cursors, stop)
        except Lasting as error:
            if error.denied:
                raise
            return error

    def _tagged(
        self, wanted: Sequence[Wanted], tag: str, hashtags: Hashtags, cursors: Mapping[str, str], stop: Event
    ) -> Batch:
        identity = hashtags.id_of(tag) or self._identity(tag, stop)
        hashtags.learn(tag, identity)
        checkpoint = f"hashtag/{tag}"
        recent = stored(cursors.get(checkpoint))
        where = {"user_id": self._user, "fields": MEDIA_FIELDS, "limit": _SIZE}
        lines = fresh(
            self._graph.pages(f"{identity}/recent_media", where, stop), tagged, recent, f"{NAME}:{tag}"
        )
        items: list[Item | Refused] = list(lines.refused)
        silent = 0
        for listed, thing in reversed(lines.listed):
            if said(thing) is None:
                silent += 1
                continue
            raw, origin = orjson.dumps(thing), f"{NAME}:{listed.id}"
            try:
                matched = [one.id for one in wanted if one.wants(listed.at)]
                post = medium_post(thing, SOURCE, matched, now_ms())
            except Poison as why:
                items.append(Refused(origin, raw, len(raw), why))
                continue
            if matched:
                items.append(Item("posts", post, origin, raw))
        told = [
            one for one in (lines.lost(recent), f"{silent} media have no text" if silent else None) if one
        ]
        return Batch(items, (Cursor(checkpoint, lines.after(recent)),), "; ".join(told) or None)

    def _identity(self, tag: str, stop: Event) -> str:
        """Instagram's id of a hashtag."""
        answer = self._graph.one("ig_hashtag_search", {"user_id": self._user, "q": tag}, stop)
        data = answer.get("data")
        found = text(data[0], "id") if isinstance(data, list) and data and isinstance(data[0], dict) else None
        if found is None:
            raise Retryable(f"an answer that cannot be read: no id of #{tag}")
        return found


def _by_tag(wanted: Sequence[Wanted], order: Sequence[str]) -> dict[str, list[Wanted]]:
    """The keywords by their hashtag, in the order of the first turn of each."""
    found = {one.id: one for one in wanted}
    tags: dict[str, list[Wanted]] = {}
    for name in order:
        tags.setdefault(hashtag(found[name].text), []).append(found[name])
    return tags


def _told(
    untaggable: Sequence[Wanted], waiting: Sequence[Wanted], refused: Sequence[str], hashtags: Hashtags
) -> str:
    """What a run says of the keywords that were not asked for, or in vain."""
    told = list(refused)
    if untaggable:
        told.append(f"no hashtag can be made of {', '.join(one.id for one in untaggable)}")
    if waiting:
        full = f"{MOST} hashtags of seven days are asked for, the next place is free at {hashtags.next_at()}"
        told.append(f"{full}; waiting: {', '.join(one.id for one in waiting)}")
    return "; ".join(told)


def build(settings: ProducerSettings) -> Instagram:
    """The collector as configured; raises Fatal where it has no token or no account."""
    return Instagram(settings, ActiveKeywords(settings))
