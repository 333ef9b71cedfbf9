"""NewsAPI: articles of many outlets that match the active keywords, within a quota that is metered here."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event
from typing import TypeVar

import structlog
from pydantic import BaseModel, ValidationError

from producers.asked import asked_for, is_asked
from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.keywords import ActiveKeywords, Keywords
from producers.newsapi.article import as_post, published, raw, removed
from producers.newsapi.budget import next_hour_s
from producers.newsapi.client import DIALECT, LANGUAGES, MOST_CHARACTERS, NewsApiClient
from producers.newsapi.place import Place, Standing, Window
from producers.settings import ProducerSettings
from producers.shares import Shares
from producers.wanted import NOTHING, Wanted
from producers.web.identity import canonical
from producers.web.memory import key
from producers.web.refusals import Status
from schemas.errors import Backpressure, Poison
from schemas.events import Millis

NAME = "newsapi"
SOURCE = "everything"
Stored = TypeVar("Stored", bound=BaseModel)


class NewsApi:
    """One source; each run searches for one keyword, whose turn it is by priority, or for those that it was asked for."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings, keywords: Keywords) -> None:
        self._client = NewsApiClient(settings)
        self._keywords = keywords
        self._daily = settings.newsapi_daily
        self._pages = settings.newsapi_pages
        self._page_size = settings.newsapi_page_size
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """One."""
        return [SOURCE]

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The day in as many parts as there are requests in it."""
        return 86_400 / self._daily

    def check(self) -> str:
        """What it may ask."""
        return f"articles of the active keywords, {self._daily} requests a day, {self._pages} pages a keyword"

    def reach(self, patience_s: float) -> str:
        """Whether NewsAPI answers with this key; costs one request."""
        self._client.reach(patience_s)
        return "NewsAPI answers"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new of one keyword."""
        standing = _read(Standing, cursors.get(source))
        wanted = {one.id: one for one in self._keywords.active(now_ms())}
        weights = {one.id: max(1, one.priority) for one in wanted.values()}
        shares = Shares(standing.had)
        unusable: list[str] = []
        for name in asked_for(shares.order(weights)):
            query, why = _query(wanted[name])
            if query is None:
                unusable.append(f"{name} ({why})")
                continue
            standing = yield from self._search(wanted[name], query, standing, shares, weights, cursors, stop)
            if not is_asked():
                break
        if unusable or not wanted:
            yield Batch((), (), f"cannot be searched for: {', '.join(unusable)}" if unusable else NOTHING)

    def _search(
        self,
        one: Wanted,
        query: str,
        standing: Standing,
        shares: Shares,
        weights: Mapping[str, int],
        cursors: Mapping[str, str],
        stop: Event,
    ) -> Generator[Batch, None, Standing]:
        place = _read(Place, cursors.get(_keyword_source(one)))
        language = one.languages[0] if len(one.languages) == 1 and one.languages[0] in LANGUAGES else None
        window = place.window(one, now_ms())
        known = set(place.seen)
        articles: dict[str, object] = {}
        oldest: Millis | None = None
        remark: str | None = None
        for number in range(1, self._pages + 1):
            now = now_ms()
            if standing.budget.left_now(self._daily, now) <= 0:
                if number > 1:
                    break
                told = f"what this hour has of the {self._daily} requests of a day is used"
                raise Backpressure(told, retry_after=next_hour_s(now))
            # What is asked for is paid for before, so that a crash never asks for more than there is.
            shares.charge(one.id, weights[one.id], 1)
            standing = Standing(budget=standing.budget.after(now), had=shares.stored(weights))
            left = standing.budget.left(self._daily, now)
            yield Batch((), (Cursor(SOURCE, standing.model_dump_json()),), quota_left=left)
            try:
                page = self._client.everything(query, language, window, number, stop)
            except Status as error:
                if error.denied:
                    raise
                raise Status(f"keyword {one.id}: {error}", error.status) from error
            remark = "the plan does not show all articles at once"
            if page.articles is None:
                break
            moments = [at for at in map(published, page.articles) if at is not None]
            oldest = min([*moments, *([] if oldest is None else [oldest])], default=None)
            found = {_key(one_of): one_of for one_of in page.articles if not removed(one_of)}
            articles.update((name, one_of) for name, one_of in found.items() if name not in known)
            if number * self._page_size >= page.total or place.joins(window, oldest):
                remark = None
                break
            remark = f"{page.total - number * self._page_size} of {page.total} articles are left for later"
        yield self._batch(one, language, place, window, articles, oldest, remark)
        return standing

    def _batch(
        self,
        one: Wanted,
        language: str | None,
        place: Place,
        window: Window,
        articles: Mapping[str, object],
        oldest: Millis | None,
        remark: str | None,
    ) -> Batch:
        """All that is new, oldest first; a `remark` says that the search is not at its end."""
        items: list[Item | Refused] = []
        moments: list[Millis] = []
        for name, article in reversed(list(articles.items())):
            origin, said = f"{NAME}:{one.id}:{name}", raw(article)
            try:
                post = as_post(article, one.id, language, NAME, now_ms())
            except Poison as why:
                items.append(Refused(origin, said, len(said), why))
                continue
            moments.append(post["event_at"])
            if one.wants(post["published_at"]):
                items.append(Item("posts", post, origin, said))
        rest = place.rest(window, oldest) if remark else None
        if remark and rest is None:
            remark += ", and the others cannot be asked for by time"
        elif rest is not None and window.until is None and place.crowded:
            remark = f"{remark}; the oldest that were left are given up"
        after = place.after(window, list(articles), max(moments, default=None), rest)
        return Batch(items, (Cursor(_keyword_source(one), after.model_dump_json()),), remark)


def build(settings: ProducerSettings) -> NewsApi:
    """The collector as configured; raises Fatal where there is no key."""
    return NewsApi(settings, ActiveKeywords(settings))


def _keyword_source(one: Wanted) -> str:
    return f"keyword/{one.id}"


def _key(article: object) -> str:
    """What tells it from others: its address, or all of it where it has none."""
    url = article.get("url") if isinstance(article, Mapping) else None
    return key(canonical(url) if isinstance(url, str) and url else raw(article).decode())


def _query(one: Wanted) -> tuple[str | None, str]:
    """(what is asked for, '') or (None, why not)."""
    try:
        query = one.spelled(DIALECT)
    except ValueError as error:
        return None, str(error)
    if len(query) > MOST_CHARACTERS:
        return None, f"longer than {MOST_CHARACTERS} characters"
    return query, ""


def _read(kind: type[Stored], stored: str | None) -> Stored:
    """The cursor; a new one where there is none, or none that can be read."""
    if stored is not None:
        try:
            return kind.model_validate_json(stored)
        except ValidationError:
            structlog.get_logger().warning("cursor_unreadable", collector=NAME)
    return kind()
