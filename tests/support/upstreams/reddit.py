"""The server of the reddit collector: login, listings of one subreddit, and the search."""

import json
from collections.abc import Mapping
from typing import Any

from producers.clock import now_ms
from producers.collectors.reddit import RedditPosts
from producers.settings import ProducerSettings
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist

TOKEN = "a-token"
_FIRST = 0x1F00000
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class RedditUpstream(Scripted):
    """Lists newest first, at most `page` at once; without its token it answers 401."""

    name = "reddit"

    def __init__(self) -> None:
        super().__init__()
        self.page = 3
        self.submissions: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.said = Said(keyword("ihsg", text="IHSG"))
        self.remaining = 500
        self.server.answers["/api/v1/access_token"] = self._login
        self.serve("/r/saham/new", lambda asked, twist: self._listing(self.submissions, asked, twist))
        self.serve("/r/saham/comments", lambda asked, twist: self._listing(self.comments, asked, twist))
        self.serve("/search", lambda asked, twist: self._listing(self.submissions, asked, twist))
        self.serve("/r/all/new", lambda asked, twist: self._listing([], asked, twist))

    def settings(self) -> dict[str, str]:
        """A login, one subreddit, and this server."""
        return {
            "DENYUT_REDDIT_CLIENT_ID": "an-app",
            "DENYUT_REDDIT_CLIENT_SECRET": "a-secret",
            "DENYUT_REDDIT_SUBREDDITS": "saham",
            "DENYUT_REDDIT_URL": self.url,
        }

    def build(self, settings: ProducerSettings) -> RedditPosts:
        """The collector, looking for one keyword."""
        return RedditPosts(settings, self.said)

    def publish(self, n: int) -> list[str]:
        """`n` more submissions, a minute apart."""
        first = len(self.submissions)
        self.submissions += [submission(number) for number in range(first, first + n)]
        return [f"reddit:{one['data']['name']}" for one in self.submissions[first:]]

    def _login(self, asked: Asked) -> Reply:
        answer = {"access_token": TOKEN, "token_type": "bearer", "expires_in": 86_400, "scope": "*"}
        refused = asked.headers.get("authorization", "").removeprefix("Basic ") != "YW4tYXBwOmEtc2VjcmV0"
        return _json({"message": "Unauthorized", "error": 401}, 401) if refused else _json(answer)

    def _listing(self, things: list[dict[str, Any]], asked: Asked, twist: Twist | None) -> Reply:
        if asked.headers.get("authorization") != f"bearer {TOKEN}":
            return _json({"message": "Unauthorized", "error": 401}, 401)
        names = [one["data"]["name"] for one in reversed(things)]
        after = asked.query.get("after")
        start = 0 if after is None else names.index(after) + 1
        end = start + min(self.page, int(asked.query.get("limit", "25")))
        page = list(reversed(things))[start:end]
        more = len(things) > end
        listing = {
            "after": page[-1]["data"]["name"] if more else None,
            "before": None,
            "dist": len(page),
            "children": [_twisted(one, twist) for one in page],
        }
        limits = {
            "x-ratelimit-remaining": f"{self.remaining}.0",
            "x-ratelimit-used": "10",
            "x-ratelimit-reset": "500",
        }
        return _json({"kind": "Listing", "data": listing}, headers=limits)


def base36(number: int) -> str:
    """A number as Reddit writes its ids."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def submission(number: int, **fields: Any) -> dict[str, Any]:
    """A submission as Reddit sends it."""
    identity = base36(_FIRST + number)
    data = {
        "id": identity,
        "name": f"t3_{identity}",
        "title": f"IHSG naik {number}",
        "selftext": "Sampai kapan?",
        "author": "pelaku_pasar",
        "author_fullname": "t2_abc",
        "subreddit": "saham",
        "created_utc": 1_795_000_000.0 + 60 * number,
        "score": 12,
        "num_comments": 4,
        "permalink": f"/r/saham/comments/{identity}/ihsg_naik/",
        "url": f"https://www.reddit.com/r/saham/comments/{identity}/ihsg_naik/",
        **fields,
    }
    return {"kind": "t3", "data": data}


def comment(number: int, **fields: Any) -> dict[str, Any]:
    """A comment as Reddit sends it."""
    identity = base36(_FIRST + number)
    data = {
        "id": identity,
        "name": f"t1_{identity}",
        "body": f"Setuju {number}",
        "author": "pembeli",
        "author_fullname": "t2_def",
        "parent_id": "t3_zzz",
        "link_id": "t3_zzz",
        "subreddit": "saham",
        "created_utc": 1_795_000_000.0 + 60 * number,
        "score": -2,
        "permalink": f"/r/saham/comments/zzz/ihsg_naik/{identity}/",
        **fields,
    }
    return {"kind": "t1", "data": data}


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **(headers or {})})


def _twisted(thing: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
    data = thing["data"]
    match twist:
        case "drift-unknown":
            return {**thing, "data": {**data, "mood": {"calm": True}}}
        case "drift-missing":
            return {**thing, "data": {name: data[name] for name in data if name not in ("id", "created_utc")}}
        case "skew":
            return {**thing, "data": {**data, "created_utc": now_ms() / 1000 + 86_400}}
    return thing
