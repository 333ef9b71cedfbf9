"""The server of the sites collector: an outlet with a list of three articles a page, and its robots.txt."""

import tempfile
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from producers.web.identity import canonical, hashed
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist

HTML = {"Content-Type": "text/html; charset=utf-8"}
JAKARTA = ZoneInfo("Asia/Jakarta")
MONTHS = ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
_FIRST = datetime(2026, 11, 21, 3, tzinfo=UTC)
_SENTENCE = "Harga beras di pasar tradisional naik lagi pekan ini, kata para pedagang kepada wartawan."


class SitesUpstream(Scripted):
    """An outlet that lists everything it ever published, newest first; times are written for people alone."""

    name = "sites"
    malformed = Reply(body=b"\x89PNG\r\n\x1a\n" + b"\0" * 200, headers=HTML)

    def __init__(self) -> None:
        super().__init__()
        self.page = 3
        self.published = 0
        self._folder = tempfile.TemporaryDirectory()
        robots = b"User-agent: *\nDisallow: /secret/\n"
        self.server.answers["/robots.txt"] = Reply(body=robots, headers={"Content-Type": "text/plain"})
        self.serve("/indeks", self._list)

    def settings(self) -> dict[str, str]:
        """The list of outlets."""
        path = Path(self._folder.name) / "sites.toml"
        path.write_text(
            f"""[[sites]]
name = "kabar"
list = "{self.url}/indeks"
next = "{self.url}/indeks?page={{page}}"
link = ".berita a"
article = 'https?://127\\.0\\.0\\.1:\\d+/read/\\d+/[a-z0-9-]+'
date = ".waktu"
zone = "Asia/Jakarta"
language = "id"
""",
            encoding="utf-8",
        )
        return {
            "DENYUT_SITES_LIST": str(path),
            "DENYUT_WEB_GAP_S": "0",
        }

    def publish(self, n: int) -> list[str]:
        """`n` more articles, each with its page."""
        first, self.published = self.published, self.published + n
        for number in range(first, self.published):
            self.serve(self.path(number), partial(self._article, number))
        return [
            f"news:{hashed(canonical(self.url + self.path(one)))}" for one in range(first, self.published)
        ]

    def close(self) -> None:
        """Stop answering."""
        super().close()
        self._folder.cleanup()

    def path(self, number: int) -> str:
        """Where article `number` is."""
        return f"/read/{number}/harga-beras-naik"

    def _list(self, asked: Asked, twist: Twist | None) -> Reply:
        begin = (int(asked.query.get("page", "1")) - 1) * self.page
        shown = list(reversed(range(self.published)))[begin : begin + self.page]
        extra = '<div class="mood">calm</div>' if twist == "drift-unknown" else ""
        rows = "".join(
            f'<li class="berita"><a href="{self.path(one)}?utm_source=indeks#top">Berita {one}</a>{extra}</li>'
            for one in shown
        )
        menu = '<nav><a href="/read/">Semua</a><a href="/tentang">Tentang</a></nav>'
        return Reply(body=f"<!doctype html><title>Indeks</title>{menu}<ul>{rows}</ul>".encode(), headers=HTML)

    def _article(self, number: int, asked: Asked, twist: Twist | None) -> Reply:
        at = _FIRST + timedelta(minutes=number)
        if twist == "skew":
            at = datetime.now(UTC) + timedelta(days=1)
        body = f"<h1>Harga beras naik {number}</h1><div class='waktu'>{people(at)}</div>"
        body += "".join(f"<p>{_SENTENCE} Bagian {part}.</p>" for part in range(3))
        if twist == "drift-missing":
            body = "<h1>Harga beras naik</h1><div id='app'></div>"
        if twist == "drift-unknown":
            body += "<x-mood>calm</x-mood>"
        head = "<title>Kabar</title><script>var rahasia = 'jangan';</script>"
        page = f"<!doctype html><html><head>{head}</head><body><article>{body}</article></body></html>"
        return Reply(body=page.encode(), headers=HTML)


def people(at: datetime) -> str:
    """`at` as Indonesian outlets write it."""
    local = at.astimezone(JAKARTA)
    return f"Senin, {local.day} {MONTHS[local.month - 1]} {local:%Y %H:%M} WIB"
