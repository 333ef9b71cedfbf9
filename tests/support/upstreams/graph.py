"""The servers of the facebook and instagram collectors: Meta's Graph API, of one page and of one hashtag."""

import json
from datetime import UTC, datetime
from typing import Any

from producers.clock import now_ms
from producers.collectors.instagram import Instagram
from producers.settings import ProducerSettings
from tests.support.keywords import Said, keyword
from tests.support.upstream import Asked, Reply
from tests.support.upstream import Upstream as Server
from tests.support.upstreams.scripted import Scripted, Twist

TOKEN = "a-token"
API = "/v23.0/"
USER = "17841405309211844"
_FIRST_MS = 1_795_000_000_000


class GraphUpstream(Scripted):
    """Lists newest first, at most `page` at once; without its token it answers with code 190."""

    def __init__(self, server: Server | None = None) -> None:
        super().__init__(server)
        self.page = 3
        self.things: list[dict[str, Any]] = []

    def listing(self, asked: Asked, twist: Twist | None) -> Reply:
        """A page of what was published."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(400, 190, "Error validating access token.")
        things = list(reversed(self.things))
        start = int(asked.query.get("after", "0"))
        end = start + min(self.page, int(asked.query.get("limit", "25")))
        page = [_twisted(one, twist) for one in things[start:end]]
        paging: dict[str, Any] = {"cursors": {"before": "x", "after": str(end)}}
        if end < len(things):
            paging["next"] = f"{self.url}{asked.path}?after={end}"
        return answer({"data": page, "paging": paging})

    def of(self, name: str) -> dict[str, str]:
        """What both have in their settings."""
        return {
            f"DENYUT_{name}_TOKEN": TOKEN,
            "DENYUT_GRAPH_URL": self.url,
            "DENYUT_GRAPH_VERSION": API.strip("/"),
            "DENYUT_WEB_GAP_S": "0",
        }


class FacebookUpstream(GraphUpstream):
    """One page."""

    name = "facebook"

    def __init__(self, server: Server | None = None) -> None:
        super().__init__(server)
        self.serve(f"{API}kabartv/posts", self.listing)
        self.serve(f"{API}kabartv", lambda _, __: answer({"id": "1"}))

    def settings(self) -> dict[str, str]:
        """The token, the page, and this server."""
        return {**self.of("FACEBOOK"), "DENYUT_FACEBOOK_PAGES": "kabartv"}

    def publish(self, n: int) -> list[str]:
        """`n` more posts, a minute apart."""
        first = len(self.things)
        self.things += [page_thing(number) for number in range(first, first + n)]
        return [f"facebook:{one['id']}" for one in self.things[first:]]


class InstagramUpstream(GraphUpstream):
    """One hashtag, `ihsg`."""

    name = "instagram"

    def __init__(self, server: Server | None = None) -> None:
        super().__init__(server)
        self.said = Said(keyword("ihsg", text="IHSG"))
        self.server.answers[f"{API}ig_hashtag_search"] = lambda asked: answer(
            {"data": [{"id": f"tag-{asked.query['q']}"}]}
        )
        self.server.answers[f"{API}{USER}/recently_searched_hashtags"] = answer({"data": []})
        self.serve(f"{API}tag-ihsg/recent_media", self.listing)

    def settings(self) -> dict[str, str]:
        """The token, the account, and this server."""
        return {**self.of("INSTAGRAM"), "DENYUT_INSTAGRAM_USER": USER}

    def build(self, settings: ProducerSettings) -> Instagram:
        """The collector, looking for one keyword."""
        return Instagram(settings, self.said)

    def publish(self, n: int) -> list[str]:
        """`n` more media, a minute apart."""
        first = len(self.things)
        self.things += [medium(number) for number in range(first, first + n)]
        return [f"instagram:{one['id']}" for one in self.things[first:]]


def stamp(at: int) -> str:
    """Epoch milliseconds as Meta writes them."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S+0000}"


def page_thing(number: int, **fields: Any) -> dict[str, Any]:
    """A page's post as Facebook sends it."""
    return {
        "id": f"1234_{number:06d}",
        "message": f"IHSG naik {number}",
        "created_time": stamp(_FIRST_MS + 60_000 * number),
        "permalink_url": f"https://www.facebook.com/1234/posts/{number:06d}",
        "from": {"id": "1234", "name": "Kabar TV"},
        "shares": {"count": 3},
        "reactions": {"data": [], "summary": {"total_count": 21}},
        "comments": {"data": [], "summary": {"total_count": 4}},
        **fields,
    }


def medium(number: int, **fields: Any) -> dict[str, Any]:
    """A medium as Instagram sends it."""
    return {
        "id": f"1790{number:06d}",
        "caption": f"Naik lagi {number} #ihsg",
        "media_type": "IMAGE",
        "comments_count": 2,
        "like_count": 40,
        "permalink": f"https://www.instagram.com/p/{number:06d}/",
        "timestamp": stamp(_FIRST_MS + 60_000 * number),
        **fields,
    }


def problem(status: int, code: int, message: str = "no") -> Reply:
    """A refusal as Meta words it."""
    return answer({"error": {"message": message, "type": "OAuthException", "code": code}}, status)


def answer(body: object, status: int = 200) -> Reply:
    """Something as JSON."""
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


def _twisted(one: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
    match twist:
        case "drift-unknown":
            return {**one, "mood": {"calm": True}}
        case "drift-missing":
            return {name: one[name] for name in one if name not in ("id", "created_time", "timestamp")}
        case "skew":
            ahead = stamp(now_ms() + 86_400_000)
            return {**one, ("created_time" if "created_time" in one else "timestamp"): ahead}
    return one
