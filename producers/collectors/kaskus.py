"""Kaskus: new threads of forums, off their lists, by the engine of the outlets. Experimental: it has not met the real service."""

from collections.abc import Sequence
from pathlib import Path

from producers.clock import now_ms
from producers.collectors.sites import Sites
from producers.kaskus.thread import as_post
from producers.settings import ProducerSettings
from producers.sites.outlets import Site, load_sites
from producers.web.fetch import Answer
from schemas.events import Post

NAME = "kaskus"
SHIPPED = Path(__file__).parents[1] / "kaskus" / "forums.toml"


class Kaskus(Sites):
    """The forums of one list; the name of a forum is its source."""

    name = NAME

    def outlets(self, settings: ProducerSettings) -> tuple[Path, Sequence[Site], float]:
        """What is read: the list, the forums that it has, and the seconds between looks; raises Fatal where it is wrong."""
        path = settings.kaskus_forums or SHIPPED
        return path, load_sites(path, "forums"), settings.kaskus_interval_s

    def post(self, answer: Answer, url: str, site: Site) -> Post:
        """The thread at `url` as a post; raises Poison where it is none."""
        return as_post(answer.body, answer.content_type, url, site, self.name, now_ms())


def build(settings: ProducerSettings) -> Kaskus:
    """The collector as configured."""
    return Kaskus(settings)
