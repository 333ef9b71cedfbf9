"""The server of the newsapi collector: `/v2/everything`, newest first, by pages."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from producers.base import Collector
from producers.collectors.newsapi import NewsApi
from producers.settings import ProducerSettings
from producers.web.identity import canonical, hashed
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist

JSON = {"Content-Type": "application/json; charset=utf-8"}
KEY = "a-key-of-tests"


class NewsApiUpstream(Scripted):
    """An archive of articles that all match; `plan` is how many results it shows at most."""

    name = "newsapi"
    malformed = Reply(body=b'{"status": "ok", "totalResults": 2, "articles": [{"title"', headers=JSON)

    def __init__(self, plan: int = 10_000) -> None:
        super().__init__()
        self._plan = plan
        self.articles: list[dict[str, Any]] = []
        self._began = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=12)
        self.serve("/v2/everything", self._everything)

    def settings(self) -> dict[str, str]:
        """The key of a large plan, pages of two, and this server."""
        return {
            "DENYUT_NEWSAPI_URL": self.url,
            "DENYUT_NEWSAPI_KEY": KEY,
            "DENYUT_NEWSAPI_PAGE_SIZE": "2",
            "DENYUT_NEWSAPI_PAGES": "20",
            "DENYUT_NEWSAPI_DAILY": "2400",
            "DENYUT_WEB_GAP_S": "0",
        }

    def build(self, settings: ProducerSettings) -> Collector:
        """The collector, which searches for one keyword."""
        return NewsApi(settings, Said(keyword("ihsg", text="IHSG")))

    def publish(self, n: int) -> list[str]:
        """`n` more articles, a minute apart."""
        first = len(self.articles)
        self.articles += [self._article(number) for number in range(first, first + n)]
        return [f"news:{hashed(canonical(one['url']))}" for one in self.articles[first:]]

    def _article(self, number: int) -> dict[str, Any]:
        at = self._began + timedelta(minutes=number)
        return {
            "source": {"id": None, "name": "Kabar"},
            "author": "Ayu Lestari",
            "title": f"IHSG naik {number} poin",
            "description": "Indeks ditutup <b>menguat</b>.",
            "url": f"https://www.kabar.example/ekonomi/{number}?utm_source=newsapi",
            "urlToImage": None,
            "publishedAt": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "content": "Indeks ditutup menguat… [+1200 chars]",
        }

    def _everything(self, asked: Asked, twist: Twist | None) -> Reply:
        if asked.headers.get("x-api-key") != KEY:
            return failed(401, "apiKeyInvalid")
        since, until = asked.query.get("from", "0"), asked.query.get("to", "9999")
        found = [one for one in reversed(self.articles) if since <= one["publishedAt"][:19] <= until]
        size = int(asked.query["pageSize"])
        begin = (int(asked.query.get("page", "1")) - 1) * size
        if begin + size > self._plan:
            return failed(426, "maximumResultsReached")
        shown = [self._twisted(one, twist) for one in found[begin : begin + size]]
        body = {"status": "ok", "totalResults": len(found), "articles": shown}
        if twist == "drift-unknown":
            body["mood"] = {"calm": True}
        return Reply(body=json.dumps(body).encode(), headers=JSON)

    def _twisted(self, article: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
        match twist:
            case "drift-unknown":
                return {**article, "mood": "calm"}
            case "drift-missing":
                return {name: value for name, value in article.items() if name != "url"}
            case "skew":
                at = datetime.now(UTC) + timedelta(days=1)
                return {**article, "publishedAt": at.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return article


def failed(status: int, code: str) -> Reply:
    """An error as NewsAPI tells it."""
    body = {"status": "error", "code": code, "message": f"Sorry: {code}."}
    return Reply(status, json.dumps(body).encode(), JSON)
