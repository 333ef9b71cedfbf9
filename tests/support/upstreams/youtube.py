"""The server of the youtube collector: one channel's uploads and comments, its videos, and the search."""

import json
from datetime import UTC, datetime
from typing import Any

from producers.clock import now_ms
from producers.collectors.youtube import YouTubePosts
from producers.settings import ProducerSettings
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Answer, Scripted, Twist

KEY = "a-key"
CHANNEL = "UC0123456789abcdefghijkl"
_API = "/youtube/v3/"
_FIRST_MS = 1_795_000_000_000


class YouTubeUpstream(Scripted):
    """Lists newest first, at most `page` at once; without its key it answers 403."""

    name = "youtube"

    def __init__(self) -> None:
        super().__init__()
        self.page = 3
        self.videos: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.said = Said(keyword("ihsg", text="IHSG"))
        self.serve(f"{_API}playlistItems", self._let_in(self._uploads))
        self.serve(f"{_API}commentThreads", self._let_in(self._threads))
        self.serve(f"{_API}videos", self._let_in(self._videos))
        self.serve(f"{_API}search", self._let_in(self._search))

    def settings(self) -> dict[str, str]:
        """The key, one channel, and this server."""
        return {
            "DENYUT_YOUTUBE_KEY": KEY,
            "DENYUT_YOUTUBE_CHANNELS": CHANNEL,
            "DENYUT_YOUTUBE_URL": self.url,
            "DENYUT_WEB_GAP_S": "0",
        }

    def build(self, settings: ProducerSettings) -> YouTubePosts:
        """The collector, looking for one keyword."""
        return YouTubePosts(settings, self.said)

    def publish(self, n: int) -> list[str]:
        """`n` more videos, a minute apart."""
        first = len(self.videos)
        self.videos += [video(number) for number in range(first, first + n)]
        return [f"youtube:{one['id']}" for one in self.videos[first:]]

    def _let_in(self, answer: Answer) -> Answer:
        def checked(asked: Asked, twist: Twist | None) -> Reply:
            if asked.headers.get("x-goog-api-key") != KEY:
                return problem(403, "forbidden", "The request is not properly authorized.")
            return answer(asked, twist)

        return checked

    def _uploads(self, asked: Asked, twist: Twist | None) -> Reply:
        assert asked.query["playlistId"] == f"UU{CHANNEL[2:]}"
        lines = [
            {"contentDetails": {"videoId": one["id"], "videoPublishedAt": one["snippet"]["publishedAt"]}}
            for one in reversed(self.videos)
        ]
        if twist == "drift-missing":
            lines = [{"contentDetails": {}} for _ in lines]
        return _paged(lines, asked, self.page)

    def _threads(self, asked: Asked, _: Twist | None) -> Reply:
        return _paged(list(reversed(self.comments)), asked, self.page)

    def _search(self, asked: Asked, _: Twist | None) -> Reply:
        newest = self.videos[: -1 - int(asked.query.get("maxResults", "5")) : -1]
        return _json({"items": [{"id": {"videoId": one["id"]}, "snippet": one["snippet"]} for one in newest]})

    def _videos(self, asked: Asked, twist: Twist | None) -> Reply:
        wanted = asked.query["id"].split(",")
        found = {one["id"]: one for one in self.videos}
        return _json({"items": [_twisted(found[name], twist) for name in wanted if name in found]})


def stamp(at: int) -> str:
    """Epoch milliseconds as YouTube writes them."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def video(number: int, **snippet: Any) -> dict[str, Any]:
    """A video as YouTube sends it."""
    return {
        "kind": "youtube#video",
        "id": f"video{number:06d}",
        "snippet": {
            "publishedAt": stamp(_FIRST_MS + 60_000 * number),
            "channelId": CHANNEL,
            "channelTitle": "Kabar TV",
            "title": f"IHSG naik {number}",
            "description": "Sampai kapan?",
            "defaultAudioLanguage": "id-ID",
            **snippet,
        },
        "statistics": {"viewCount": "1200", "likeCount": "34", "favoriteCount": "0", "commentCount": "5"},
    }


def comment(number: int, **snippet: Any) -> dict[str, Any]:
    """A comment as YouTube sends it."""
    top = {
        "id": f"Ugcomment{number}",
        "snippet": {
            "textOriginal": f"Setuju {number}",
            "authorDisplayName": "@pembeli",
            "authorChannelId": {"value": "UCauthor"},
            "likeCount": 2,
            "videoId": "video000000",
            "publishedAt": stamp(_FIRST_MS + 60_000 * number),
            **snippet,
        },
    }
    return {"kind": "youtube#commentThread", "snippet": {"topLevelComment": top, "totalReplyCount": 3}}


def problem(status: int, reason: str, message: str = "no") -> Reply:
    """A refusal as YouTube words it."""
    errors = [{"message": message, "domain": "youtube.quota", "reason": reason}]
    return _json({"error": {"code": status, "message": message, "errors": errors}}, status)


def _paged(lines: list[Any], asked: Asked, most: int) -> Reply:
    start = int(asked.query.get("pageToken", "0"))
    end = start + min(most, int(asked.query.get("maxResults", "5")))
    answer: dict[str, Any] = {"items": lines[start:end]}
    if end < len(lines):
        answer["nextPageToken"] = str(end)
    return _json(answer)


def _json(body: object, status: int = 200) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _twisted(one: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
    match twist:
        case "drift-unknown":
            return {**one, "mood": {"calm": True}}
        case "drift-missing":
            return {"id": one["id"], "snippet": {}}
        case "skew":
            return {**one, "snippet": {**one["snippet"], "publishedAt": stamp(now_ms() + 86_400_000)}}
    return one
