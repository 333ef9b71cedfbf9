"""Which collector is held to the contract by which server; a test finds collectors that are in neither table."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tests.support.upstreams import Upstream
from tests.support.upstreams.graph import FacebookUpstream, InstagramUpstream
from tests.support.upstreams.kaskus import KaskusUpstream
from tests.support.upstreams.newsapi import NewsApiUpstream
from tests.support.upstreams.reddit import RedditUpstream
from tests.support.upstreams.rss import RssUpstream
from tests.support.upstreams.sites import SitesUpstream
from tests.support.upstreams.x import XUpstream
from tests.support.upstreams.yahoo import YahooUpstream
from tests.support.upstreams.youtube import YouTubeUpstream

UPSTREAMS: Mapping[str, Callable[[], Upstream]] = MappingProxyType(
    {
        "facebook": FacebookUpstream,
        "instagram": InstagramUpstream,
        "kaskus": KaskusUpstream,
        "newsapi": NewsApiUpstream,
        "reddit": RedditUpstream,
        "rss": RssUpstream,
        "sites": SitesUpstream,
        "x": XUpstream,
        "yahoo": YahooUpstream,
        "youtube": YouTubeUpstream,
    }
)

EXEMPT: Mapping[str, str] = MappingProxyType(
    {
        "simulate": "reads nothing: it makes its posts up",
        "webhook": "asks nobody: it is sent to; tests/unit/collectors/test_webhook.py answers for it",
    }
)
"""Collectors without a server here, and why."""
