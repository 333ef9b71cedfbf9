"""The server of the rss collector: one feed."""

import tempfile
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from producers.rss.identity import native_id
from tests.support.feeds import conditional, feed_list, item, rss
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist

_FIRST = datetime(2026, 11, 21, 3, tzinfo=UTC)


class RssUpstream(Scripted):
    """A feed that lists the `most` latest of what it published, newest first."""

    name = "rss"
    malformed = Reply(body=b"<html><p>Maaf", headers={"Content-Type": "application/rss+xml"})

    def __init__(self) -> None:
        super().__init__()
        self.most = 1_000
        self._count = 0
        self._folder = tempfile.TemporaryDirectory()
        self.serve("/feed", self._feed)

    def settings(self) -> dict[str, str]:
        """The list of feeds."""
        feeds = feed_list(Path(self._folder.name) / "feeds.toml", {"kabar": f"{self.url}/feed"})
        return {
            "DENYUT_RSS_FEEDS": str(feeds),
            "DENYUT_WEB_GAP_S": "0",
        }

    def publish(self, n: int) -> list[str]:
        """`n` more articles."""
        first, self._count = self._count, self._count + n
        guids = [f"https://kabar.example/berita/{number}" for number in range(first, self._count)]
        return [f"news:{native_id({'id': guid}, self.url)}" for guid in guids]

    def close(self) -> None:
        """Stop answering."""
        super().close()
        self._folder.cleanup()

    def _feed(self, asked: Asked, twist: Twist | None) -> Reply:
        listed = reversed(range(max(0, self._count - self.most), self._count))
        return conditional(rss(self._item(number, twist) for number in listed))(asked)

    def _item(self, number: int, twist: Twist | None) -> str:
        at = _FIRST + timedelta(minutes=number)
        if twist == "skew":
            at = datetime.now(UTC) + timedelta(days=1)
        missing = twist == "drift-missing"
        made = item(
            number,
            guid="" if missing else None,
            link="" if missing else None,
            date=format_datetime(at),
        )
        return made.replace("</item>", "<mood>calm</mood></item>") if twist == "drift-unknown" else made
