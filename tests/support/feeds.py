"""RSS as outlets send it: made entries, and a server's conditional answer to them."""

import hashlib
from collections.abc import Iterable
from html import escape
from pathlib import Path

from tests.support.upstream import Answer, Asked, Reply


def item(
    number: int,
    *,
    title: str | None = None,
    guid: str | None = None,
    link: str | None = None,
    date: str = "Sat, 21 Nov 2026 10:00:00 +0700",
    summary: str = "Isi berita.",
) -> str:
    """One `<item>`; an empty string leaves an element out."""
    guid = f"https://kabar.example/berita/{number}" if guid is None else guid
    link = f"https://kabar.example/berita/{number}?utm_source=rss" if link is None else link
    title = f"Harga saham naik {number}" if title is None else title
    fields = {"title": title, "guid": guid, "link": link, "pubDate": date, "description": summary}
    return (
        "<item>"
        + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in fields.items() if text)
        + "</item>"
    )


def rss(items: Iterable[str]) -> bytes:
    """A whole feed."""
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Kabar</title>'
    return f"{head}<link>https://kabar.example</link>{''.join(items)}</channel></rss>".encode()


def conditional(body: bytes) -> Answer:
    """Answers with `body` and its ETag, or 304 to who knows it."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'

    def answer(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == etag:
            return Reply(304, headers={"ETag": etag})
        return Reply(body=body, headers={"ETag": etag, "Content-Type": "application/rss+xml; charset=utf-8"})

    return answer


def feed_list(path: Path, feeds: dict[str, str]) -> Path:
    """Write a list of feeds, name → address, in Indonesian and in Jakarta's time."""
    lines = [
        f'[[feeds]]\nname = "{name}"\nurl = "{url}"\nlanguage = "id"\nzone = "Asia/Jakarta"\n'
        for name, url in feeds.items()
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
