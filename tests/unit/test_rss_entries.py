"""Entries of feeds as posts: identity, text, time, and what is made of a malformed feed."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from producers.rss.entries import Parsed, as_post, parse
from producers.rss.feeds import SHIPPED, Feed, load_feeds
from producers.rss.identity import native_id
from producers.rss.times import published
from producers.web.fetch import Answer
from producers.web.identity import canonical
from producers.web.memory import Memory, key
from producers.web.text import joined, plain
from schemas.codec import Codec
from schemas.errors import Fatal, Poison, Retryable
from schemas.registry import PinnedIds
from tests.support.feeds import item, rss

FEED = Feed(name="kabar", url="https://kabar.example/rss", language="id", zone="Asia/Jakarta")
JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = round(datetime(2026, 11, 21, 4, 0, tzinfo=UTC).timestamp() * 1000)


def read(body: bytes, content_type: str = "application/rss+xml") -> Parsed:
    return parse(Answer(FEED.url, body, content_type, None, None, None))


def post(markup: str) -> Any:
    (entry,) = read(rss([markup])).entries
    return as_post(entry, FEED, "rss", NOW)


def test_an_entry_becomes_a_post() -> None:
    made = post(
        item(
            1,
            title="Laba BCA &amp; BRI <b>naik</b>",
            summary="<p>Isi <a href='/x'>berita</a>&nbsp;ini</p><script>x()</script><p>Kedua</p>",
        ).replace("</item>", "<author>redaksi@kabar.example (Siti Aminah)</author></item>")
    )
    assert made["id"].startswith("news:")
    assert made["title"] == "Laba BCA & BRI naik"
    assert made["text"] == "Laba BCA & BRI naik. Isi berita ini Kedua"
    assert made["url"] == "https://kabar.example/berita/1?utm_source=rss"
    assert (made["platform"], made["source"], made["kind"], made["lang"]) == (
        "news",
        "kabar",
        "article",
        "id",
    )
    assert (
        made["published_at"]
        == made["event_at"]
        == round(datetime(2026, 11, 21, 3, 0, tzinfo=UTC).timestamp() * 1000)
    )
    assert made["published_precision"] == "second"
    assert made["author_name"] == "redaksi@kabar.example (Siti Aminah)"
    assert Codec(PinnedIds()).decode(Codec(PinnedIds()).encode("post", made)).record == made


def test_the_id_does_not_hang_on_what_follows_readers() -> None:
    first = post(item(1, guid="", link="https://kabar.example/a/?utm_source=x&id=7#top"))
    again = post(item(1, guid="", link="http://KABAR.example/a?id=7&fbclid=123&at_medium=RSS"))
    other = post(item(1, guid="", link="https://kabar.example/a?id=8"))
    assert first["id"] == again["id"] != other["id"]
    assert canonical("https://a.example:8443/x//?b=2&a=1") == "https://a.example:8443/x?a=1&b=2"


def test_a_guid_that_is_no_address_belongs_to_its_outlet() -> None:
    here = {"id": "4711", "link": "https://kabar.example/1"}
    moved = {"id": "4711", "link": "https://www.kabar.example/2"}
    there = {"id": "4711", "link": "https://warta.example/1"}
    assert native_id(here, FEED.url) == native_id(moved, FEED.url) != native_id(there, FEED.url)
    assert native_id({"id": "4711"}, FEED.url) == native_id(here, FEED.url)


@pytest.mark.parametrize(
    ("markup", "told"),
    [
        (item(1, guid="", link=""), "neither a guid nor a link"),
        (item(1, title="", summary="<img src='x'>"), "neither title nor summary"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(markup: str, told: str) -> None:
    with pytest.raises(Poison, match=told):
        post(markup)


@pytest.mark.parametrize(
    ("given", "expected", "precision"),
    [
        ("Sat, 21 Nov 2026 10:00:00 +0700", "2026-11-21T03:00:00", "second"),
        ("Sat, 21 Nov 2026 10:00:00 GMT", "2026-11-21T10:00:00", "second"),
        ("Sat, 21 Nov 2026 10:00:00 EST", "2026-11-21T15:00:00", "second"),
        ("Sat, 21 Nov 2026 10:00:00", "2026-11-21T03:00:00", "second"),
        ("Sab, 21 Agustus 2026 10:00:00 WITA", "2026-08-21T02:00:00", "second"),
        ("Kamis, 1 Mei 2025 07:30 WIB", "2025-05-01T00:30:00", "second"),
        ("21 Nov 2026 10:00:00 +07:00", "2026-11-21T03:00:00", "second"),
        ("2026-11-21T10:00:00Z", "2026-11-21T10:00:00", "second"),
        ("2026-11-21 10:00:00", "2026-11-21T03:00:00", "second"),
        ("2026-11-21", "2026-11-20T17:00:00", "day"),
    ],
)
def test_times_are_in_their_zone_or_the_feeds(given: str, expected: str, precision: str) -> None:
    at, found = published({"published": given}, JAKARTA)
    assert at is not None
    assert datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None).isoformat() == expected
    assert found == precision


def test_a_time_that_cannot_be_read_is_unknown_and_one_ahead_is_not_believed() -> None:
    unreadable = post(item(1, date="kemarin sore"))
    assert (unreadable["published_at"], unreadable["published_precision"]) == (None, "unknown")
    assert unreadable["event_at"] == NOW
    ahead = post(item(1, date="Sat, 21 Nov 2026 23:00:00 +0700"))
    assert ahead["published_at"] > NOW
    assert ahead["event_at"] == NOW


def test_markup_becomes_what_a_reader_sees() -> None:
    assert plain("Rp 5 < Rp 6 & naik") == "Rp 5 < Rp 6 & naik"
    assert plain("satu<br>dua<p>tiga</p> em<b>pat</b>") == "satu dua tiga empat"
    assert plain("a&#8217;b &quot;c&quot;\n\td\0e") == 'a\u2019b "c" d e'
    assert plain("<style>p{}</style>x") == "x"
    assert joined("Judul", "Judul panjang lagi") == "Judul panjang lagi"
    assert joined("Naik?", "Ya") == "Naik? Ya"
    assert joined("", "Ya") == "Ya"


def test_a_malformed_feed_gives_what_could_be_read_and_says_so() -> None:
    good, bad = item(1), "<item><title>A & B</title><link>https://kabar.example/2</link></item>"
    parsed = read(rss([good, bad, item(3)]))
    assert len(parsed.entries) == 3
    assert not parsed.whole
    assert parsed.remark is not None
    assert parsed.remark.startswith("malformed feed, 3 entries")


def test_of_a_feed_that_ends_in_the_middle_the_last_entry_waits() -> None:
    body = rss([item(1), item(2), item(3)])
    parsed = read(body[: body.index(b"Isi berita.", body.index(b"berita/3"))])
    assert [entry["id"] for entry in parsed.entries] == [f"https://kabar.example/berita/{n}" for n in (1, 2)]
    assert not parsed.whole
    assert "ends in the middle" in str(parsed.remark)


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>Not found</body></html>", b"{}", b"/etc/passwd", b"\0\xff"]
)
def test_what_is_no_feed_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Retryable, match="not a feed"):
        read(body, "text/html")


def test_an_empty_feed_is_a_feed() -> None:
    assert read(rss([])) == Parsed([], whole=True, remark=None)


def test_atom_is_read_too() -> None:
    body = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>
    <entry><id>tag:kabar.example,2026:1</id><title type="html">Kabar &lt;i&gt;baik&lt;/i&gt;</title>
    <link href="https://kabar.example/1"/><updated>2026-11-21T10:00:00+07:00</updated>
    <content type="html">&lt;p&gt;Isi&lt;/p&gt;</content></entry></feed>"""
    (entry,) = read(body, "application/atom+xml").entries
    made = as_post(entry, FEED, "rss", NOW)
    assert made["text"] == "Kabar baik. Isi"
    assert made["published_at"] == NOW - 3_600_000


def test_bombs_of_entities_do_not_go_off() -> None:
    laughs = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    body = rss([item(1, title="LOL")]).replace(
        b"<rss", f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}]><rss'.encode(), 1
    )
    parsed = read(body.replace(b"LOL", b"&l9;"))
    assert sum(len(str(entry)) for entry in parsed.entries) < 10_000


def test_entities_of_html_are_known_where_a_feed_declares_them() -> None:
    declared = b'<?xml version="1.0"?>\n<!-- old --><!DOCTYPE rss [<!ENTITY % HTMLlat1 PUBLIC "-//W3C//ENTITIES Latin 1//EN" "x.ent"> %HTMLlat1;]><rss'
    body = rss([item(1, title="Caf&eacute; <!DOCTYPE x [y]>")])
    body = declared + body[body.index(b"<rss") + 4 :]
    (entry,) = read(body.replace(b"&amp;eacute;", b"&eacute;")).entries
    assert plain(entry["title"]).startswith("Café")


def test_a_cursor_is_bounded_and_keeps_the_last_answer() -> None:
    memory = Memory()
    for first in range(0, 5_000, 50):
        memory = memory.after("u", [key(str(number)) for number in range(first, first + 60)], "e", None)
    assert len(memory.seen) == 1_000
    assert memory.seen[:60] == [key(str(number)) for number in range(4_950, 5_010)]
    assert key("4100") in memory.seen
    large = memory.after("u", [key(str(number)) for number in range(30_000)], None, None)
    assert len(large.model_dump_json()) < 500_000


def test_the_shipped_list_is_sound() -> None:
    feeds = load_feeds(None)
    assert {feed.language for feed in feeds} == {"id", "en"}
    assert len({feed.url for feed in feeds}) == len(feeds) >= 20
    assert SHIPPED.is_file()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("feeds = 1", "valid tuple"),
        ("[[feeds]]\nname='a'\nurl='ftp://x'\nlanguage='id'", "0.url"),
        ("[[feeds]]\nname='a'\nurl='http://x'\nlanguage='id'\nzone='Mars'", "no time zone"),
        ("[[feeds]]\nname='a'\nurl='http://x'\nlanguage='id'\n" * 2, "named twice: a"),
        ("", "no feeds"),
        ("[", "not TOML"),
    ],
)
def test_a_wrong_list_is_named(tmp_path: Any, text: str, told: str) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(Fatal, match=told):
        load_feeds(path)
    with pytest.raises(Fatal, match="cannot read"):
        load_feeds(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("naik &#xD83D;&#xDE00; lagi", "naik 😀 lagi"),
        ("naik &#55357;&#56832; lagi", "naik 😀 lagi"),
        ("naik &#xD83D; lagi", "naik \ufffd lagi"),
        ("naik &#x110000; lagi", "naik \ufffd lagi"),
        ("naik &#99999999999999; lagi", "naik \ufffd lagi"),
        ("naik &#233;&#x4e2d; lagi", "naik é中 lagi"),
    ],
)
def test_a_reference_to_no_character_costs_neither_the_entry_nor_the_feed(written: str, read_as: str) -> None:
    parsed = read(rss([item(1, title=written), item(2)]))
    assert len(parsed.entries) == 2
    assert as_post(parsed.entries[0], FEED, "rss", NOW)["title"] == read_as


@pytest.mark.timeout(60)
@pytest.mark.parametrize("tag", ["<!--", "<a ", "<a x='", "</", "<?", "<![", "&#"])
def test_markup_that_does_not_end_is_read_in_time(tag: str) -> None:
    assert plain(tag * 50_000 + "y " * 90_000) is not None
    assert plain(tag * 400 + " y " * 90_000) is not None


def test_a_marked_section_in_a_title_is_text() -> None:
    assert plain("Breaking <![ news") == "Breaking <![ news"
    assert post(item(1, title="Breaking &lt;![ news"))["title"] == "Breaking <![ news"
