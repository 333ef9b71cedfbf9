"""The server of the x collector: recent search of the API v2, over posts that all name one keyword."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from producers.clock import now_ms
from producers.collectors.x import X
from producers.settings import ProducerSettings
from producers.x.place import REACH_MS, id_at
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist

TOKEN = "a-token"
SEARCH_PATH = "/2/tweets/search/recent"
STREAM_PATH = "/2/tweets/search/stream"
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_DAY_MS = 86_400_000
_BEAT_S = 0.1


class XUpstream(Scripted):
    """Search answers newest first, between the ids that are asked for; without its token it answers 401."""

    name = "x"

    def __init__(self) -> None:
        super().__init__()
        self.page = 3
        """Fewer than are asked for: X may send so few, and says that there are more."""
        self.tweets: list[dict[str, Any]] = []
        self.first_ms = now_ms() - 3_600_000
        self.said = Said(keyword("ihsg", text="IHSG"))
        self.serve(SEARCH_PATH, self._search)
        self.serve("/2/tweets", self._look_up)
        self.made = 0
        self.rules: list[dict[str, str]] = []
        self.lines: list[bytes] = []
        self.hold_s = 0.0
        """How long a stream lasts, which then brings what is published; 0: until it has told what was there."""
        self.server.answers[f"{STREAM_PATH}/rules"] = self._rules
        self.server.answers[STREAM_PATH] = self._stream

    def settings(self) -> dict[str, str]:
        """The token, and this server."""
        return {
            "DENYUT_X_BEARER_TOKEN": TOKEN,
            "DENYUT_X_URL": self.url,
        }

    def build(self, settings: ProducerSettings) -> X:
        """The collector, looking for one keyword."""
        return X(settings, self.said)

    def publish(self, n: int) -> list[str]:
        """`n` more posts, a second apart."""
        ids = []
        for _ in range(n):
            at = self.first_ms + 1_000 * len(self.tweets)
            self.tweets.append(tweet(id_at(at) + 7, at, f"IHSG naik {len(self.tweets)}"))
            ids.append(f"x:{self.tweets[-1]['id']}")
            if self.hold_s:
                sent = {"data": self.tweets[-1], "includes": {"users": [USER]}, "matching_rules": self.rules}
                self.lines.append(json.dumps(sent).encode())
        return ids

    def _search(self, asked: Asked, twist: Twist | None) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthorized")
        since, until = int(asked.query["since_id"]), int(asked.query.get("until_id", 2**63))
        if since < id_at(now_ms() - REACH_MS - 300_000) or not 10 <= int(asked.query["max_results"]) <= 100:
            return problem(400, "One or more parameters to your request was invalid.")
        found = [one for one in reversed(self.tweets) if since < int(one["id"]) < until]
        page = [_twisted(one, twist) for one in found[: min(self.page, int(asked.query["max_results"]))]]
        meta: dict[str, Any] = {"result_count": len(page)}
        if len(found) > len(page):
            meta["next_token"] = "b26v89c19zqg8o3f"
        if not page:
            return Reply(body=json.dumps({"meta": meta}).encode(), headers=_JSON)
        meta |= {"newest_id": found[0]["id"], "oldest_id": found[len(page) - 1]["id"]}
        body = {"data": page, "includes": {"users": [USER]}, "meta": meta}
        return Reply(body=json.dumps(body).encode(), headers=_JSON)

    def _rules(self, asked: Asked) -> Reply:
        """Rules are listed, added and deleted."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthorized")
        sent = json.loads(asked.body or b"{}")
        gone = sent.get("delete", {}).get("ids", [])
        self.rules = [rule for rule in self.rules if rule["id"] not in gone]
        for rule in sent.get("add", []):
            self.made += 1
            self.rules.append({"id": str(self.made), **rule})
        return Reply(body=json.dumps({"data": self.rules} if self.rules else {}).encode(), headers=_JSON)

    def _stream(self, asked: Asked) -> Reply:
        """What is there, what comes while it lasts, and the end of the connection."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "Unauthorized")
        kind, more = self.due(asked)
        if kind is None and self.hold_s:
            return Reply(headers=_JSON, parts=self._follow())
        return self._wrong(kind, more, Reply(body=self._told(), headers=_JSON))

    def _follow(self) -> Iterator[bytes]:
        end = time.monotonic() + self.hold_s
        while time.monotonic() < end and not self.server.ended.wait(_BEAT_S):
            yield self._told()

    def _told(self) -> bytes:
        """A sign of life, and the lines that wait."""
        lines, self.lines = self.lines, []
        return b"\r\n" + b"".join(line + b"\r\n" for line in lines)

    def _look_up(self, asked: Asked, _: Twist | None) -> Reply:
        wanted = asked.query["ids"].split(",")
        data = [one for one in self.tweets if one["id"] in wanted]
        return Reply(body=json.dumps({"data": data}).encode(), headers=_JSON)


USER = {
    "id": "2244994945",
    "name": "Pelaku Pasar",
    "username": "pelaku_pasar",
    "verified": True,
    "public_metrics": {"followers_count": 840, "following_count": 3, "tweet_count": 10, "listed_count": 0},
}


def tweet(number: int, at: int, text: str, **fields: Any) -> dict[str, Any]:
    """A post as X sends it."""
    return {
        "id": str(number),
        "text": text,
        "author_id": USER["id"],
        "created_at": moment(at),
        "lang": "in",
        "public_metrics": {
            "retweet_count": 2,
            "reply_count": 3,
            "like_count": 5,
            "quote_count": 1,
            "bookmark_count": 0,
            "impression_count": 700,
        },
        "edit_history_tweet_ids": [str(number)],
        **fields,
    }


def moment(at: int) -> str:
    """Epoch milliseconds as these services write them."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problem(status: int, title: str, **headers: str) -> Reply:
    """A refusal as X words it."""
    body = {"title": title, "detail": title, "type": "about:blank", "status": status}
    return Reply(status, json.dumps(body).encode(), {**_JSON, **headers})


def _twisted(one: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
    match twist:
        case "drift-unknown":
            return {**one, "mood": {"calm": True}}
        case "drift-missing":
            return {name: value for name, value in one.items() if name not in ("id", "created_at")}
        case "skew":
            return {**one, "created_at": moment(now_ms() + _DAY_MS)}
    return one
