"""Articles out of pages: text, title, author, and times as Indonesian outlets write them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from producers.web.dates import stated, within
from producers.web.page import MOST_TAGS, TEXT_CHARACTERS, decoded, read_page
from schemas.errors import Poison

JAKARTA = ZoneInfo("Asia/Jakarta")
SENTENCES = [f"Harga beras di pasar tradisional naik lagi pekan ini, bagian {n}." for n in range(4)]
BODY = "".join(f"<p>{one}</p>" for one in SENTENCES)


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return round(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def page(head: str = "", body: str = "") -> str:
    return f"<html><head>{head}</head><body><nav>Menu</nav><article>{body}{BODY}</article></body></html>"


@pytest.mark.parametrize(
    ("given", "moment", "precision"),
    [
        ("Senin, 12 Jan 2026 10:15 WIB", at(2026, 1, 12, 3, 15), "second"),
        ("Senin, 12 Januari 2026 | 10.15 WITA", at(2026, 1, 12, 2, 15), "second"),
        ("Kompas.com - 12/01/2026, 10:15 WIT", at(2026, 1, 12, 1, 15), "second"),
        ("Jumat, 7 Agustus 2026 pukul 00.05 WIB", at(2026, 8, 6, 17, 5), "second"),
        ("Diperbarui 12 Des 2025, 23:59", at(2025, 12, 12, 16, 59), "second"),
        ("31 Okt 2026 07:00:30 UTC", at(2026, 10, 31, 7) + 30_000, "second"),
        ("12 Mei 2026", at(2026, 5, 11, 17), "day"),
        ("Rabu (12/5/2026)", at(2026, 5, 11, 17), "day"),
    ],
)
def test_times_for_people_are_understood(given: str, moment: int, precision: str) -> None:
    assert within(given, JAKARTA) == (moment, precision)


@pytest.mark.parametrize(
    "named",
    ["idna", "punycode", "undefined", "unicode_escape", "raw-unicode-escape", "hex", "a\0b", "\ud800"],
)
def test_an_encoding_that_is_none_is_utf_8(named: str) -> None:
    body = "Harga naik é \\ud800".encode()
    assert decoded(body, f"text/html; charset={named}") == body.decode()
    assert decoded(body, "text/html; charset=utf-7").encode()
    assert decoded(b"+2AA-", "text/html; charset=utf-7").encode()


@pytest.mark.parametrize(
    "given", ["", "5 menit yang lalu", "32 Jan 2026 10:15", "12 Foo 2026", "12 Jan 2026 25:10", "1/13/2026"]
)
def test_what_is_no_time_is_none(given: str) -> None:
    assert within(given, JAKARTA) is None


def test_times_for_machines_are_preferred() -> None:
    assert stated("2026-01-12T10:15:00+07:00", JAKARTA) == (at(2026, 1, 12, 3, 15), "second")
    assert stated("Mon, 12 Jan 2026 10:15:00 +0700", JAKARTA) == (at(2026, 1, 12, 3, 15), "second")
    assert stated("2026/01/12 10:15:00 WIB", JAKARTA) is None
    linked = (
        '<script type="application/ld+json">{"@graph": [{"@type": ["WebPage"]}, {"@type": "NewsArticle", '
    )
    linked += '"headline": "Harga &amp; beras", "datePublished": "2026-01-12T10:15:00+07:00", "author": [{"name": "Ayu"}]}]}</script>'
    meta = '<meta property="article:published_time" content="2026-01-13T10:15:00+07:00">'
    shown = "<h1>Beras</h1><div class='date'>Senin, 14 Jan 2026 10:15 WIB</div>"
    whole = read_page(page(linked + meta, shown), JAKARTA, ".date")
    assert (whole.published_at, whole.title, whole.author) == (at(2026, 1, 12, 3, 15), "Harga & beras", "Ayu")
    assert read_page(page(meta, shown), JAKARTA, ".date").published_at == at(2026, 1, 13, 3, 15)
    assert read_page(page("", shown), JAKARTA, ".date").published_at == at(2026, 1, 14, 3, 15)
    marked = read_page(page("", "<time datetime='2026-01-15'>lalu</time>"), JAKARTA, ".date")
    assert (marked.published_at, marked.precision) == (at(2026, 1, 14, 17), "day")
    assert read_page(page(), JAKARTA).precision == "unknown"


def test_only_the_article_is_left_of_a_page() -> None:
    more = "<h1>Beras naik</h1><script>alert('x')</script><style>p{}</style>"
    more += "<iframe src='//evil.example'></iframe><!-- rahasia --><img src=x onerror=alert(1)>"
    found = read_page(page("<title>Beras naik - Kabar</title>", more), JAKARTA)
    assert found.title == "Beras naik"
    assert found.text.splitlines() == SENTENCES, "without menu, markup or the title once more"


def test_a_page_without_an_article_says_nothing() -> None:
    assert read_page("<html><body><div id='app'></div></body></html>", JAKARTA).text == ""
    assert read_page("", JAKARTA).title == ""
    assert read_page("\x00\x01", JAKARTA).text in ("", "\x01")


def test_hostile_markup_is_read_in_bounded_time_and_size() -> None:
    for markup in ("<div>" * 2_000 + "teks", "<" * 19_000, "<table><tr><td>" * 2_000, "<!--" * 10_000):
        assert len(read_page(markup, JAKARTA).text) < 100
    many = read_page(page(body="".join(f"<p>{'kata ' * 40} {n}</p>" for n in range(500))), JAKARTA)
    assert len(many.text) == TEXT_CHARACTERS
    bomb = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
    assert read_page(page(bomb), JAKARTA).text
    with pytest.raises(Poison, match="oversized: a page of more than 20000 tags"):
        read_page("<div>" * (MOST_TAGS + 1), JAKARTA)


def test_the_encoding_is_what_the_answer_or_the_page_names() -> None:
    body = "<p>café</p>".encode("latin-1")
    assert decoded(body, "text/html; charset=ISO-8859-1") == "<p>café</p>"
    assert decoded(b'<meta charset="windows-1252">' + body, "text/html").endswith("<p>café</p>")
    assert decoded("é".encode(), "text/html; charset=what") == "é"
    assert decoded(b"\xff\x00", "") == "\ufffd "
