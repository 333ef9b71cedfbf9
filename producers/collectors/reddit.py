"""Reddit: submissions and comments of subreddits, and what all of Reddit has on the active keywords."""

import re
from collections.abc import Generator, Mapping, Sequence
from threading import Event

import orjson

from producers.asked import asked_for, is_asked
from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.keywords import ActiveKeywords, Keywords
from producers.reddit.client import RedditClient
from producers.reddit.seen import Seen, stored
from producers.reddit.things import as_post, gone, thing_id
from producers.settings import ProducerSettings
from producers.shares import Shares, had
from producers.wanted import NOTHING, Wanted, not_searched
from schemas.boolean import Dialect
from schemas.errors import Fatal, Poison

NAME = "reddit"
SEARCH = "search"
_DIALECT = Dialect(both=" AND ", either=" OR ", exclude="NOT ")
_QUERY_CHARACTERS = 512
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,21}\Z")
_PAGES = 10
"""After which Reddit lists nothing older."""
_SHARES = "shares"
_FEW = "5"


class RedditPosts:
    """A source for each subreddit, `r/NAME`, and one for the search."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        names = [name for name in settings.reddit_subreddits.replace(" ", "").split(",") if name]
        for name in names:
            if not _SUBREDDIT.match(name):
                raise Fatal(f"DENYUT_REDDIT_SUBREDDITS: {name!r} is no name of a subreddit")
        self._subreddits = {f"r/{name}": name for name in dict.fromkeys(names)}
        self._settings = settings
        self._keywords = keywords
        self._client = RedditClient(settings)
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """Every subreddit, and the search where it is wanted."""
        return [*self._subreddits, *([SEARCH] if self._settings.reddit_searches else [])]

    def next_run_s(self, source: str) -> float | None:
        """The interval of either, for ever."""
        limits = self._settings
        return limits.reddit_search_interval_s if source == SEARCH else limits.reddit_interval_s

    def check(self) -> str:
        """Which subreddits, how often, and how many searches."""
        limits = self._settings
        return (
            f"{len(self._subreddits)} subreddits ({', '.join(self._subreddits.values())}) every "
            f"{limits.reddit_interval_s:g} s, {limits.reddit_searches} keywords searched for every "
            f"{limits.reddit_search_interval_s:g} s"
        )

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- the web's own limits hold
        """Whether Reddit lets the app in."""
        self._client.listing("r/all/new", {"limit": "1"}, Event())
        return "Reddit answers"

    def canary(self, query: str, stop: Event) -> int:
        """How many submissions of a week Reddit's search finds for `query`, of the first few."""
        params = {"q": query, "sort": "new", "t": "week", "type": "link", "limit": _FEW}
        return len(self._client.listing("search", params, stop).things)

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new of either."""
        if source == SEARCH:
            yield from self._search(cursors, stop)
            return
        for listing in ("new", "comments"):
            checkpoint = f"{source}/{listing}"
            seen = stored(cursors.get(checkpoint))
            yield self._read(f"{source}/{listing}", {}, checkpoint, seen or Seen(), source, None, stop)

    def _search(self, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        wanted = {one.id: one for one in self._keywords.active(now_ms())}
        if not wanted:
            yield Batch((), (), NOTHING)
            return
        weights = {name: one.priority for name, one in wanted.items()}
        shares = Shares(had(cursors.get(_SHARES)))
        wrong = []
        turns = asked_for(shares.order(weights))
        if not is_asked():
            turns = turns[: self._settings.reddit_searches]
        for name in turns:
            if stop.is_set():
                return
            shares.charge(name, weights[name], 1)
            turn = Cursor(_SHARES, orjson.dumps(shares.stored(weights)).decode())
            try:
                query = wanted[name].spelled(_DIALECT)
                if len(query) > _QUERY_CHARACTERS:
                    raise ValueError(f"{len(query)} characters, and Reddit takes {_QUERY_CHARACTERS}")  # noqa: TRY301
            except ValueError as error:
                wrong.append(f"{name} ({error})")
                # It has had its turn, also where the run fails: it keeps no other waiting.
                yield Batch((), (turn,))
                continue
            checkpoint = f"{SEARCH}/{name}"
            seen = stored(cursors.get(checkpoint), query) or Seen(query=query)
            params = {"q": query, "sort": "new", "t": "week", "type": "link"}
            batch = self._read("search", params, checkpoint, seen, SEARCH, wanted[name], stop)
            yield Batch(batch.items, (*batch.cursors, turn), batch.remark, batch.quota_left)
        if wrong:
            yield not_searched(wrong, of=len(turns))

    def _read(
        self,
        path: str,
        params: Mapping[str, str],
        checkpoint: str,
        seen: Seen,
        source: str,
        wanted: Wanted | None,
        stop: Event,
    ) -> Batch:
        """What is new of one listing, oldest first: page by page until one names what is known; the first time one page."""
        first = not seen.ids
        items: list[Item | Refused] = []
        ids: list[str] = []
        after: str | None = None
        removed, met = 0, False
        for _ in range(1 if first else _PAGES):
            page = self._client.listing(path, params if after is None else {**params, "after": after}, stop)
            for thing in page.things:
                raw = orjson.dumps(thing)
                try:
                    identity = thing_id(thing)
                    met = met or seen.known(identity)
                    # A page may begin with what the one before ended with.
                    if seen.known(identity) or identity in ids:
                        continue
                    ids.append(identity)
                    if gone(thing):
                        removed += 1
                        continue
                    post = as_post(thing, source, [wanted.id] if wanted else [], now_ms())
                except Poison as why:
                    items.append(Refused(f"{NAME}:{checkpoint}", raw, len(raw), why))
                    continue
                if wanted is None or wanted.wants(post["published_at"]):
                    items.append(Item("posts", post, f"{NAME}:{identity}", raw))
            after = page.after
            if met or after is None:
                break
        told = [f"{removed} comments were removed before they were read"] if removed else []
        if not met and after is not None and not first:
            told.append("more is new than Reddit lists, what is beyond that is lost")
        cursor = Cursor(checkpoint, seen.after(ids).model_dump_json())
        return Batch(items[::-1], (cursor,), "; ".join(told) or None, self._client.quota_left)


def build(settings: ProducerSettings) -> RedditPosts:
    """The collector as configured; raises Fatal where it has no login."""
    return RedditPosts(settings, ActiveKeywords(settings))
