"""The servers of all collectors at once, with settings that let weeks of collecting happen in minutes."""

from typing import Any

from tests.support.gathered import Met
from tests.support.upstreams.graph import InstagramUpstream
from tests.support.upstreams.registry import UPSTREAMS
from tests.support.upstreams.scripted import Scripted
from tests.support.upstreams.sender import WebhookSender
from tests.support.upstreams.sites import SitesUpstream
from tests.support.upstreams.x import SEARCH_PATH, STREAM_PATH, XUpstream
from tests.support.upstreams.yahoo import YahooUpstream

QUICK = {
    "RSS_INTERVAL_S": "1.5",
    "SITES_INTERVAL_S": "2",
    "KASKUS_INTERVAL_S": "2",
    # A run of several pages takes from later ones: with a third of this the hour's share was used up after half an hour of faults.
    "NEWSAPI_DAILY": "120000",
    "YAHOO_INTERVAL_S": "1.5",
    "FACEBOOK_INTERVAL_S": "2",
    "INSTAGRAM_INTERVAL_S": "2",
    "REDDIT_INTERVAL_S": "2",
    "REDDIT_SEARCH_INTERVAL_S": "5",
    "YOUTUBE_INTERVAL_S": "2",
    "YOUTUBE_SEARCH_INTERVAL_S": "5",
    "YOUTUBE_QUOTA": "10000000",
    "X_INTERVAL_S": "2",
    "X_BUDGET": "100000000",
    "X_STREAM_BUDGET": "100000000",
    "X_RULES_S": "3",
    "ENGAGEMENTS_INTERVAL_S": "10",
    "BACKOFF_S": "2",
}
_LIMITS = {
    # Shorter than the product's, for what is slow here never ends well; long for what is well, as the machine is busy.
    "RSS_READ_S": "3",
    "RSS_TOTAL_S": "6",
    "WEB_READ_S": "3",
    "WEB_TOTAL_S": "6",
    "YAHOO_TIMEOUT_S": "6",
}


_STREAM_S = 20.0
_SYMBOLS = 3
_LIST = "/indeks"
FOCUS = {"sites": {"path": _LIST}, "kaskus": {"path": _LIST}, "x": {"path": SEARCH_PATH}}
"""Where faults go of those whose answers mean different things: a page that is no article is one, and a stream has no end."""


class Everyone:
    """A server for every collector that reads, and who sends to the webhook."""

    def __init__(self) -> None:
        made = {name: make() for name, make in UPSTREAMS.items() if name not in ("instagram", "yahoo")}
        made["yahoo"] = YahooUpstream(_SYMBOLS, since_s=86_400)
        # One address is asked in place of Meta's, for pages and hashtags.
        made["instagram"] = InstagramUpstream(made["facebook"].server)  # type: ignore[attr-defined]  # as all of them have
        self.scripted = [one for one in made.values() if isinstance(one, Scripted)]
        for server in self.scripted:
            if isinstance(server, XUpstream):
                server.hold_s = _STREAM_S
        self.sender = WebhookSender()

    @property
    def servers(self) -> list[Any]:
        """All of them."""
        return [*self.scripted, self.sender]

    def settings(self) -> dict[str, str]:
        """What points a runner with all collectors here."""
        quick = {f"DENYUT_{name}": value for name, value in {**QUICK, **_LIMITS}.items()}
        found = {name: value for server in self.servers for name, value in server.settings().items()}
        return {**found, **quick, "DENYUT_WEB_GAP_S": "0"}

    def met(self) -> list[Met]:
        """Every fault that a collector has met."""
        return [
            Met(
                server.name,
                one.kind,
                one.at,
                stream=one.path == STREAM_PATH,
                part=isinstance(server, SitesUpstream) and one.path != _LIST,
            )
            for server in self.scripted
            for one in server.given
        ]

    def close(self) -> None:
        """Stop answering and sending."""
        for server in self.servers:
            server.close()
