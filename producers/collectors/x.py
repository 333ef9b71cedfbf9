"""X: what recent search finds for the active keywords, in fair turns, within a monthly budget of reads."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event

import orjson
import structlog

from producers.base import Batch, Cursor, Item, Lasting
from producers.base import Refused as RefusedItem
from producers.budget import Budget
from producers.clock import now_ms
from producers.keywords import ActiveKeywords, Keywords
from producers.settings import ProducerSettings
from producers.shares import Shares, had
from producers.wanted import NOTHING, Wanted
from producers.x.client import LEAST, MOST, Page, Refused, XClient
from producers.x.place import Place, stored
from producers.x.query import query_of
from producers.x.tweets import as_post, tweet_id
from schemas.errors import Backpressure, Poison, Retryable
from schemas.events import Millis

NAME = "x"
SEARCH = "search"
_BUDGET, _SHARES = "budget", "shares"
_SETTING = "DENYUT_X_BUDGET"
_HOUR_MS = 3_600_000


class X:
    """One source, the search. Each keyword is a query with a cursor of its own, `search/ID`."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._settings = settings
        self._keywords = keywords
        self._client = XClient(settings)
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """The search."""
        return [SEARCH]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The interval, for ever."""
        return self._settings.x_interval_s

    def check(self) -> str:
        """How often, and within which budget."""
        limits = self._settings
        return (
            f"posts that X finds for the active keywords, every {limits.x_interval_s:g} s, "
            f"at most {limits.x_budget} reads a month"
        )

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- of the protocol
        """How many keywords are known; X itself is not asked, as every read is paid."""
        return f"{len(self._keywords.active(now_ms()))} active keywords; X is not asked, each read is paid"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:  # noqa: ARG002
        """What is new for each keyword, whoever has had least of the reads first."""
        now = now_ms()
        wanted = {one.id: one for one in self._keywords.active(now)}
        if not wanted:
            yield Batch((), (), NOTHING)
            return
        weights = {name: one.priority for name, one in wanted.items()}
        budget = Budget(cursors.get(_BUDGET), self._settings.x_budget, _SETTING, now)
        shares = Shares(had(cursors.get(_SHARES)))
        published: set[str] = set()
        wrong = []
        for name in shares.order(weights):
            if stop.is_set():
                return
            try:
                query = query_of(wanted[name], self._settings.x_query_characters)
                before = budget.left
                yield from self._search(wanted[name], query, cursors, budget, published, stop)
                shares.charge(name, weights[name], max(1, before - budget.left))
            except (ValueError, Refused) as error:
                # One query that X does not take must not keep the others from being asked.
                structlog.get_logger().warning("query_refused", keyword=name, error=str(error))
                wrong.append(f"{name} ({error})")
                continue
            yield Batch((), (Cursor(_SHARES, orjson.dumps(shares.stored(weights)).decode()),))
        if wrong:
            yield Batch((), (), f"not searched for: {'; '.join(wrong)}")

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
            # Paid before it is read: a crash in between costs reads of the budget, never more than the budget.
            budget.charge(size)
            yield Batch((), (Cursor(_BUDGET, budget.stored()),), None, budget.left)
            try:
                page = self._client.search(query, place.since, place.until, size, stop)
            except (Backpressure, Lasting):
                budget.charge(-size)
                yield Batch((), (Cursor(_BUDGET, budget.stored()),), None, budget.left)
                raise
            budget.charge(len(page.tweets) - size)
            items, ids = _items(page, place, wanted, published)
            if page.more and not ids:
                raise Retryable(f"{wanted.id}: X sends a page again that it has sent before")
            place = place.after(ids, more=page.more)
            cursor = Cursor(checkpoint, place.model_dump_json())
            yield Batch(items, (cursor, Cursor(_BUDGET, budget.stored())), None, budget.left)
            if place.until is None:
                return


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
