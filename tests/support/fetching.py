"""The web's fetcher as tests use it: small limits in size, the product's own in time, and an answer's body."""

from threading import Event
from typing import Any

from producers.settings import ProducerSettings
from producers.web.addresses import Resolve, resolve
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from tests.support.feeds import item, rss

BODY = rss([item(1)])
GAP_S = 0.3


def fetcher_of(find: Resolve = resolve, **settings: Any) -> Fetcher:
    given = {
        "web_gap_s": GAP_S,
        "web_max_bytes": 50_000,
        "contact": "ops@example.org",
        **settings,
    }
    made = ProducerSettings.model_validate(given)
    return Fetcher(made, web_limits(made), "text/html", find=find)


def fetch(fetcher: Fetcher, url: str, etag: str | None = None) -> bytes | None:
    answer = fetcher.get(url, etag, None, Event())
    return None if answer is None else answer.body
