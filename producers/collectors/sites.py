"""Sites: outlets without a usable feed, read off their own lists; every new article in full, politely."""

import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import NamedTuple

from producers.base import Batch, Cursor, Item, Refused
from producers.browser.page import Browser
from producers.canaries.turns import of_the_hour
from producers.clock import now_ms
from producers.settings import ProducerSettings
from producers.sites.listing import ended, listed
from producers.sites.outlets import SHIPPED, Site, load_sites
from producers.sites.place import TRIES, Place, stored
from producers.sites.post import as_post
from producers.web.body import TooLarge
from producers.web.fetch import Answer, Fetcher
from producers.web.identity import canonical, hashed
from producers.web.limits import web_limits
from producers.web.permits import Disallowed, Permits
from producers.web.refusals import Status
from schemas.errors import Backpressure, Poison, Retryable
from schemas.events import Post

NAME = "sites"
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_SHARE = 0.75
"""Of the time of a run after which no further article is begun, so that none is cut."""
_ROW = 3
"""So many new articles in a row that cannot be read mean that the outlet cannot be."""
_GONE = frozenset({404, 410, 451})


class _Listed(NamedTuple):
    """What an outlet lists that is not known, oldest first, and how to ask whether that changed."""

    urls: Sequence[str]
    etag: str | None
    modified: str | None
    remark: str | None


class Sites:
    """The outlets of one list; the name of an outlet is its source."""

    name = NAME

    def __init__(self, settings: ProducerSettings) -> None:
        self._list, outlets, self._interval_s = self.outlets(settings)
        self._sites = {site.name: site for site in outlets}
        self._pages, self._articles = settings.sites_pages, settings.sites_articles
        self._fetcher = Fetcher(settings, web_limits(settings), _ACCEPT)
        self._permits = Permits(self._fetcher)
        self._browser = Browser(settings) if any(site.browser for site in outlets) else None
        self._total_s = settings.web_total_s
        self._run_s = settings.run_timeout_s * _SHARE
        self.parallel = settings.sites_parallel
        self.timeout_s: float | None = settings.run_timeout_s

    def outlets(self, settings: ProducerSettings) -> tuple[Path, Sequence[Site], float]:
        """What is read: the list, the outlets that it has, and the seconds between looks; raises Fatal where it is wrong."""
        path = settings.sites_list or SHIPPED
        return path, load_sites(path), settings.sites_interval_s

    def post(self, answer: Answer, url: str, site: Site) -> Post:
        """The page at `url` as a post; raises Poison where it is none."""
        return as_post(answer.body, answer.content_type, url, site, self.name, now_ms())

    def sources(self) -> Sequence[str]:
        """Every outlet."""
        return list(self._sites)

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The interval, for ever."""
        return self._interval_s

    def check(self) -> str:
        """How many outlets of which list, and how often."""
        return f"{len(self._sites)} outlets of {self._list}, every {self._interval_s:g} s"

    def reach(self, patience_s: float) -> str:
        """How many articles each outlet lists now; raises Retryable where none lists any."""
        stop = Event()

        def ask(site: Site) -> tuple[int, str]:
            try:
                answer = self._page(site, site.list, None, None, stop, patience_s)
                count = 0 if answer is None else len(listed(answer, site))
            except Retryable as error:
                return 0, f"{site.name}: {error}"
            return count, f"{site.name}: {count} articles"

        with ThreadPoolExecutor(min(16, len(self._sites))) as pool:
            told = list(pool.map(ask, self._sites.values()))
        said = "; ".join(line for _, line in told)
        if not any(count for count, _ in told):
            raise Retryable(f"no outlet lists an article; {said}")
        return said

    def canary(self, query: str, stop: Event) -> int:  # noqa: ARG002 -- its own outlets are asked
        """How many articles one of the outlets lists, another one each hour, asked for as if nothing of it were known."""
        site = of_the_hour(list(self._sites.values()))
        answer = self._page(site, site.list, None, None, stop)
        return 0 if answer is None else len(listed(answer, site))

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new at the outlet `source`, an article each batch."""
        site = self._sites[source]
        place = stored(cursors.get(source), site)
        end = time.monotonic() + self._run_s
        found = self._listed(site, place, stop)
        urls = list(dict.fromkeys([*place.due(now_ms()), *found.urls]))
        left, read, row = len(urls), 0, 0
        first: Retryable | None = None
        for url in urls[: self._articles]:
            if stop.is_set() or time.monotonic() >= end:
                break
            identity = canonical(url)
            ending: Retryable | None = None
            try:
                items = [self._article(url, site, stop)]
            except Retryable as error:
                if stop.is_set():
                    # It was not the article.
                    break
                # One that failed before says nothing of the outlet.
                row, first = row + (url not in place.failed), first or error
                ending = _ending(error, first, row)
                missed = place.missed(url, identity, now_ms())
                items = [] if missed else [_given_up(self.name, site, url, error)]
                place = missed or place.read(url, identity)
            else:
                row, read = 0, read + 1
                place = place.read(url, identity)
            left -= 1
            if items or ending:
                # The tries are stored also where the run ends here: what never can be read is not the head of every run.
                yield Batch(items, (Cursor(source, place.model_dump_json()),))
            if ending:
                raise ending
        etag, modified = (None, None) if left else (found.etag, found.modified)
        place = place.done(site.list, etag, modified)
        yield Batch((), (Cursor(source, place.model_dump_json()),), _remark(left, place, found))
        if first is not None and not read:
            raise first

    def _listed(self, site: Site, place: Place, stop: Event) -> _Listed:
        """Page by page until one lists something that is known; raises Retryable where the first lists nothing."""
        memory = place.memory
        found: list[str] = []
        etag = modified = remark = None
        for number in range(1, self._pages + 1):
            url = site.page(number)
            if url is None:
                break
            asked = (memory.etag, memory.modified) if number == 1 else (None, None)
            answer = self._page(site, url, *asked, stop)
            if answer is None:
                return _Listed([], memory.etag, memory.modified, None)
            urls = listed(answer, site)
            if number == 1:
                etag, modified = answer.etag, answer.modified
                if not urls:
                    raise Retryable(
                        f"{len(answer.body)} bytes that list no article: is it laid out anew, or no list at all?"
                    )
            elif not urls:
                remark = ended(answer, number)
            fresh = [one for one in urls if not place.knows(canonical(one))]
            found += [one for one in fresh if one not in found]
            if not memory.seen or len(fresh) < len(urls) or not urls:
                break
            if number == self._pages:
                remark = f"{number} pages list nothing that is known: what is older was missed"
        return _Listed(found[::-1], etag, modified, remark)

    def _page(
        self,
        site: Site,
        url: str,
        etag: str | None,
        modified: str | None,
        stop: Event,
        total_s: float | None = None,
    ) -> Answer | None:
        """A page, where the outlet allows it; raises Disallowed and all that a fetch raises."""
        gap_s = self._permits.gap_s(url, stop, total_s, site.list)
        answer = self._fetcher.get(url, etag, modified, stop, total_s, gap_s, site.list)
        if answer is None or not site.browser or self._browser is None:
            return answer
        # Asked for as ever before, which tells how it is answered; only what is there is shown to a browser.
        body = self._browser.page(answer.url, site.list, stop, total_s or self._total_s)
        return replace(answer, body=body, content_type="text/html; charset=utf-8")

    def _article(self, url: str, site: Site, stop: Event) -> Item | Refused:
        """The post of one article, or why there is none; raises Retryable where it may be read later."""
        origin, said = _origin(self.name, site, url), url.encode()
        try:
            answer = self._page(site, site.whole_address(url), None, None, stop)
        except TooLarge as error:
            return Refused(origin, said, len(said), Poison("oversized", str(error)))
        except Disallowed as error:
            return Refused(origin, said, len(said), Poison("rejected", str(error)))
        except Status as error:
            if error.status not in _GONE:
                raise
            return Refused(origin, said, len(said), Poison("rejected", str(error)))
        if answer is None:
            raise Retryable("unchanged, though nobody asked whether it changed")
        try:
            post = self.post(answer, url, site)
        except Poison as why:
            return Refused(origin, answer.body, len(answer.body), why)
        return Item("posts", post, origin, said)


def _ending(error: Retryable, first: Retryable, row: int) -> Retryable | None:
    """What ends the run after an article that failed with `error`, the `row`th in a row; None where it goes on."""
    if isinstance(error, Backpressure):
        return error
    return first if row == _ROW else None


def _given_up(collector: str, site: Site, url: str, error: Retryable) -> Refused:
    why = Poison("rejected", f"not read in {TRIES} tries: {error}")
    return Refused(_origin(collector, site, url), url.encode(), len(url.encode()), why)


def build(settings: ProducerSettings) -> Sites:
    """The collector as configured."""
    return Sites(settings)


def _remark(left: int, place: Place, listed: _Listed) -> str | None:
    said = [
        f"{left} articles are left for the next run" if left else None,
        f"{len(place.failed)} could not be read and are tried again" if place.failed else None,
        listed.remark,
    ]
    return "; ".join(one for one in said if one) or None


def _origin(collector: str, site: Site, url: str) -> str:
    return f"{collector}:{site.name}:{hashed(canonical(url))}"
