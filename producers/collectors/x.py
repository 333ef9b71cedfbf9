"""X: what recent search finds for the active keywords, and its counts later, within a monthly budget of reads."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from threading import Event, Lock
from typing import Any, TypeVar

import orjson
import structlog

from producers.asked import asked_for
from producers.base import Batch, Cursor, Item
from producers.base import Refused as RefusedItem
from producers.budget import Budget
from producers.clock import now_ms
from producers.fields import count, part
from producers.keywords import ActiveKeywords, Keywords
from producers.latest import Latest, engagement
from producers.settings import ProducerSettings
from producers.shares import Shares, had
from producers.wanted import NOTHING, Wanted, not_searched
from producers.x.client import LEAST, MOST, Page, Refused, XClient
from producers.x.live import STREAM, Live
from producers.x.place import Place, stored
from producers.x.query import query_of
from producers.x.tweets import as_post, shares_of, tweet_id
from schemas.errors import Poison, Retryable
from schemas.events import Millis

NAME = "x"
SEARCH, ENGAGEMENTS = "search", "engagements"
_BUDGET, _LATEST, _SHARES = "budget", "latest", "shares"
_SETTING = "DENYUT_X_BUDGET"
_HOUR_MS = 3_600_000
_BETWEEN_S = 0.01
"""Between two runs over the same connection."""

Asked = TypeVar("Asked")


class X:
    """The search, each keyword a query with a cursor of its own (`search/ID`), the counts of what it found, and the stream."""

    name = NAME

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._settings = settings
        self._keywords = keywords
        self._client = XClient(settings)
        self._live = Live(settings, keywords) if settings.x_stream_budget else None
        # The stream has a budget of its own. Search and counts share one, and take turns.
        self._turn = Lock()
        self._spent: str | None = None
        self.parallel = 2 if self._live else 1
        self.timeout_s: float | None = settings.run_timeout_s + (settings.x_rules_s if self._live else 0)

    def sources(self) -> Sequence[str]:
        """The search, and counts and stream where they are wanted."""
        return [
            SEARCH,
            *([ENGAGEMENTS] if self._settings.x_engagements else []),
            *([STREAM] if self._live else []),
        ]

    def next_run_s(self, source: str) -> float | None:
        """The interval of each, for ever; a stream that is connected is read on at once."""
        limits = self._settings
        if source == STREAM and self._live is not None and self._live.connected:
            return _BETWEEN_S
        return limits.engagements_interval_s if source == ENGAGEMENTS else limits.x_interval_s

    def check(self) -> str:
        """How often, and within which budgets."""
        limits = self._settings
        live = f", and {limits.x_stream_budget} of its filtered stream" if self._live else ""
        return (
            f"posts that X finds for the active keywords, every {limits.x_interval_s:g} s, "
            f"at most {limits.x_budget} reads a month{live}"
        )

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- of the protocol
        """That X is not asked: every read is paid for."""
        return "not asked: X has every read paid for"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new of each."""
        if source == STREAM and self._live is not None:
            yield from self._live.collect(cursors, stop)
            return
        latest = Latest(cursors.get(_LATEST), self._settings.x_engagements, self._settings.engagements_hours)
        with self._turn:
            # The cursor is as it was when the run began; another may have spent since.
            budget = Budget(self._spent or cursors.get(_BUDGET), self._settings.x_budget, _SETTING, now_ms())
            try:
                if source == SEARCH:
                    yield from self._keyword_by_keyword(cursors, budget, latest, stop)
                else:
                    yield from self._counts(budget, latest, stop)
            finally:
                self._spent = budget.stored()

    def _keyword_by_keyword(
        self, cursors: Mapping[str, str], budget: Budget, latest: Latest, stop: Event
    ) -> Generator[Batch]:
        """What is new for each keyword, whoever has had least of the reads first."""
        now = now_ms()
        wanted = {one.id: one for one in self._keywords.active(now)}
        if not wanted:
            yield Batch((), (), NOTHING)
            return
        weights = {name: one.priority for name, one in wanted.items()}
        shares = Shares(had(cursors.get(_SHARES)))
        published: set[str] = set()
        wrong = []
        for name in asked_for(shares.order(weights)):
            if stop.is_set():
                return
            try:
                query = query_of(wanted[name], self._settings.x_query_characters)
                before = budget.left
                for batch in self._search(wanted[name], query, cursors, budget, published, stop):
                    latest.add(batch.items)
                    kept = Cursor(_LATEST, latest.stored(now))
                    yield replace(batch, cursors=(*batch.cursors, kept)) if batch.items else batch
                shares.charge(name, weights[name], max(1, before - budget.left))
            except (ValueError, Refused) as error:
                # One query that X does not take must not keep the others from being asked.
                structlog.get_logger().warning("query_refused", keyword=name, error=str(error))
                wrong.append(f"{name} ({error})")
                continue
            yield Batch((), (Cursor(_SHARES, orjson.dumps(shares.stored(weights)).decode()),))
        if wrong:
            yield not_searched(wrong, of=len(wanted))

    def _search(
        self,
        wanted: Wanted,
        query: str,
        cursors: Mapping[str, str],
        budget: Budget,
        published: set[str],
        stop: Event,
    ) -> Generator[Batch]:
        """The new pages of one query. Raises what the client raises, and Backpressure where the budget is used up."""
        now, checkpoint = now_ms(), f"{SEARCH}/{wanted.id}"
        first = max(now - round(self._settings.x_first_hours * _HOUR_MS), wanted.monitoring_start or 0)
        place = stored(cursors.get(checkpoint), query)
        if place.since and place.within(first, now).since > place.since:
            told = (
                f"{wanted.id}: X searches seven days back, what is between them and the last search is lost"
            )
            yield Batch((), (), told)
        place = place.within(first, now)
        for _ in range(self._settings.x_pages):
            if stop.is_set():
                return
            size = min(MOST, budget.left_today)
            if size < LEAST:
                yield Batch((), (), None, budget.left)
                raise budget.exhausted()
            page = yield from self._paid(
                size, budget, partial(self._client.search, query, place.since, place.until, size, stop)
            )
            budget.charge(len(page.tweets) - size)
            items, ids = _items(page, place, wanted, published)
            if page.more and not ids:
                raise Retryable(f"{wanted.id}: X sends a page again that it has sent before")
            place = place.after(ids, more=page.more)
            cursor = Cursor(checkpoint, place.model_dump_json())
            yield Batch(items, (cursor, Cursor(_BUDGET, budget.stored())), None, budget.left)
            if place.until is None:
                return

    def _counts(self, budget: Budget, latest: Latest, stop: Event) -> Generator[Batch]:
        """The counts of the latest posts, a hundred at once."""
        ids = latest.ids(now_ms())
        for start in range(0, len(ids), MOST):
            if stop.is_set():
                return
            asked = ids[start : start + MOST]
            if len(asked) > budget.left_today:
                yield Batch((), (), None, budget.left)
                raise budget.exhausted()
            tweets = yield from self._paid(len(asked), budget, partial(self._client.look_up, asked, stop))
            budget.charge(len(tweets) - len(asked))
            items = [_item(tweet, now_ms()) for tweet in tweets]
            yield Batch(items, (Cursor(_BUDGET, budget.stored()),), None, budget.left)

    def _paid(self, reads: int, budget: Budget, ask: Callable[[], Asked]) -> Generator[Batch, None, Asked]:
        """What `ask` answers, charged before it is asked: a crash costs the budget something, and never overdraws it."""
        budget.charge(reads)
        yield Batch((), (Cursor(_BUDGET, budget.stored()),), None, budget.left)
        try:
            return ask()
        except Retryable:
            if not self._client.paid:
                budget.charge(-reads)
                yield Batch((), (Cursor(_BUDGET, budget.stored()),), None, budget.left)
            raise


def _item(tweet: Any, read_at: Millis) -> Item | RefusedItem:
    """The counts of a post."""
    try:
        native = str(tweet_id(tweet))
    except Poison as why:
        raw = orjson.dumps(tweet)
        return RefusedItem(f"{NAME}:{ENGAGEMENTS}", raw, len(raw), why)
    metrics = part(tweet, "public_metrics")
    return engagement(
        "x",
        native,
        read_at,
        likes=count(metrics, "like_count"),
        shares=shares_of(metrics),
        comments=count(metrics, "reply_count"),
        views=count(metrics, "impression_count"),
    )


def _items(
    page: Page, place: Place, wanted: Wanted, published: set[str]
) -> tuple[list[Item | RefusedItem], list[int]]:
    """(what is new of a page, oldest first; the ids of it that lie where was asked)."""
    items: list[Item | RefusedItem] = []
    ids: list[int] = []
    collected_at: Millis = now_ms()
    for tweet in reversed(page.tweets):
        raw = orjson.dumps(tweet)
        try:
            number = tweet_id(tweet)
            origin = f"{NAME}:{number}"
            if number <= place.since or (place.until is not None and number >= place.until):
                continue
            ids.append(number)
            post = as_post(tweet, page.users, [wanted.id], SEARCH, collected_at)
        except Poison as why:
            items.append(RefusedItem(f"{NAME}:{wanted.id}", raw, len(raw), why))
            continue
        # Another keyword of this run may have found it, too.
        if post["id"] not in published and wanted.wants(post["published_at"]):
            published.add(post["id"])
            items.append(Item("posts", post, origin, raw))
    return items, ids


def build(settings: ProducerSettings) -> X:
    """The collector as configured; raises Fatal where it has no token."""
    return X(settings, ActiveKeywords(settings))
