"""The collectors that `run` can start: name, what it reads, and where it is built."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import cast

from producers.base import Collector
from producers.settings import ProducerSettings
from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Entry:
    """One collector; `module` is imported, and its libraries with it, only when the collector is built.

    `searches` are those of its sources that search for the active keywords.

    The module has a function `build(settings) -> Collector`, which raises Fatal naming the setting that is missing.
    """

    module: str
    about: str
    searches: tuple[str, ...] = ()


COLLECTORS: Mapping[str, Entry] = MappingProxyType(
    {
        "facebook": Entry("producers.collectors.facebook", "posts of Facebook pages"),
        "instagram": Entry(
            "producers.collectors.instagram",
            "media on Instagram with the hashtags of the active keywords",
            ("hashtags",),
        ),
        "kaskus": Entry("producers.collectors.kaskus", "threads of forums of Kaskus (experimental)"),
        "newsapi": Entry(
            "producers.collectors.newsapi",
            "articles that match the active keywords, from newsapi.org",
            ("everything",),
        ),
        "reddit": Entry(
            "producers.collectors.reddit",
            "submissions and comments of subreddits, and Reddit's search",
            ("search",),
        ),
        "rss": Entry("producers.collectors.rss", "articles of RSS and Atom news feeds"),
        "simulate": Entry("producers.collectors.simulate", "made-up posts with planted bursts, from a seed"),
        "sites": Entry(
            "producers.collectors.sites", "articles in full, off the list pages of Indonesian outlets"
        ),
        "webhook": Entry("producers.collectors.webhook", "posts that listed senders send to us"),
        "x": Entry(
            "producers.collectors.x",
            "posts that X's recent search finds for the active keywords",
            ("search",),
        ),
        "yahoo": Entry(
            "producers.collectors.yahoo", "quotes and daily candles of a watchlist, from Yahoo Finance"
        ),
        "youtube": Entry(
            "producers.collectors.youtube",
            "uploads of YouTube channels and comments on them, and its search",
            ("search",),
        ),
    }
)


def searching(name: str) -> tuple[str, ...]:
    """The sources of that collector that search for keywords; none of one that is not listed."""
    entry = COLLECTORS.get(name)
    return () if entry is None else entry.searches


def build(name: str, settings: ProducerSettings) -> Collector:
    """The collector of that name; raises Fatal where there is none or it is not configured."""
    entry = COLLECTORS.get(name)
    if entry is None:
        raise Fatal(f"no collector is called {name!r}; there are: {', '.join(COLLECTORS)}")
    return cast("Collector", import_module(entry.module).build(settings))
