"""Facebook: what pages post, with reactions, shares and number of comments."""

import re
from collections.abc import Generator, Mapping, Sequence
from threading import Event

import orjson

from producers.base import Batch, Cursor, Item, Refused
from producers.canaries.turns import of_the_hour
from producers.clock import now_ms
from producers.graph.client import Graph
from producers.graph.things import PAGE_FIELDS, page_post, posted, said
from producers.recent import fresh, stored
from producers.settings import ProducerSettings
from schemas.errors import Fatal, Poison

NAME = "facebook"
_PAGE = re.compile(r"[A-Za-z0-9._-]{1,75}\Z")
_SIZE = "100"


class Facebook:
    """A source for each page, by its id or name."""

    name = NAME
    parallel = 1

    def __init__(self, settings: ProducerSettings) -> None:
        pages = [one for one in settings.facebook_pages.replace(" ", "").split(",") if one]
        for page in pages:
            if not _PAGE.match(page):
                raise Fatal(f"DENYUT_FACEBOOK_PAGES: {page!r} is neither an id nor a name of a page")
        if not pages:
            raise Fatal("DENYUT_FACEBOOK_PAGES names no page")
        self._pages = list(dict.fromkeys(pages))
        self._interval_s = settings.facebook_interval_s
        self._graph = Graph(settings, settings.facebook_token, "DENYUT_FACEBOOK_TOKEN")
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """Every page."""
        return self._pages

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """The interval, for ever."""
        return self._interval_s

    def check(self) -> str:
        """Which pages, and how often."""
        return f"{len(self._pages)} pages ({', '.join(self._pages)}), every {self._interval_s:g} s"

    def reach(self, patience_s: float) -> str:  # noqa: ARG002 -- the web's own limits hold
        """Whether Facebook lets the token read the first page."""
        self._graph.one(self._pages[0], {"fields": "id"}, Event())
        return "Facebook answers"

    def canary(self, query: str, stop: Event) -> int:  # noqa: ARG002 -- its own pages are asked
        """How many posts one of the pages shows, another one each hour."""
        page = of_the_hour(self._pages)
        return len(next(self._graph.pages(f"{page}/posts", {"fields": "id", "limit": _SIZE}, stop)))

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What the page has posted since, oldest first."""
        recent = stored(cursors.get(source))
        pages = self._graph.pages(f"{source}/posts", {"fields": PAGE_FIELDS, "limit": _SIZE}, stop)
        lines = fresh(pages, posted, recent, f"{NAME}:{source}")
        items: list[Item | Refused] = list(lines.refused)
        silent = 0
        for listed, thing in reversed(lines.listed):
            if said(thing) is None:
                silent += 1
                continue
            raw = orjson.dumps(thing)
            try:
                items.append(Item("posts", page_post(thing, source, now_ms()), f"{NAME}:{listed.id}", raw))
            except Poison as why:
                items.append(Refused(f"{NAME}:{listed.id}", raw, len(raw), why))
        told = [
            one for one in (lines.lost(recent), f"{silent} posts have no text" if silent else None) if one
        ]
        yield Batch(items, (Cursor(source, lines.after(recent)),), "; ".join(told) or None)


def build(settings: ProducerSettings) -> Facebook:
    """The collector as configured; raises Fatal where it has no token or no page."""
    return Facebook(settings)
