"""Threads of Kaskus as posts."""

import json
import re

import pytest

from producers.collectors.kaskus import SHIPPED
from producers.kaskus.thread import as_post
from producers.sites.outlets import load_sites
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.registry import PinnedIds

ID = "65a5ff757231b47a32216a30"
URL = f"https://www.kaskus.co.id/thread/{ID}/survei-elektabilitas"
FORUM = load_sites(SHIPPED, "forums")[0]


def page(**said: object) -> bytes:
    data = {"@context": "https://schema.org", "@type": "DiscussionForumPosting", **said}
    text = "".join(f"<p>Menurut ane harga beras di pasar naik terus gan, bagian {n}.</p>" for n in range(4))
    head = f"<title>x</title><script type='application/ld+json'>{json.dumps(data)}</script>"
    return f"<!doctype html><html><head>{head}</head><body><article>{text}</article></body></html>".encode()


def test_a_thread_is_a_post_with_the_id_of_its_address() -> None:
    body = page(
        headline="Survei elektabilitas",
        datePublished="2024-01-16T11:00:00+07:00",
        author={"@type": "Person", "name": "agan"},
    )
    post = as_post(body, "text/html", URL, FORUM, "kaskus", 1_795_000_000_000)
    Codec(PinnedIds()).encode("post", post)
    assert (post["id"], post["platform"], post["kind"]) == (f"kaskus:{ID}", "kaskus", "post")
    assert (post["source"], post["collector"]) == ("berita-dan-politik", "kaskus")
    assert (post["title"], post["author_name"]) == ("Survei elektabilitas", "agan")
    assert post["published_at"] == 1_705_377_600_000
    assert "harga beras" in post["text"]


def test_what_is_no_thread_is_refused() -> None:
    with pytest.raises(Poison, match="id of a thread"):
        as_post(page(headline="x"), "text/html", "https://www.kaskus.co.id/thread/7/x", FORUM, "kaskus", 1)
    with pytest.raises(Poison, match="without text"):
        as_post(b"<title>a</title>", "text/html", URL, FORUM, "kaskus", 1)


def test_the_shipped_forums_know_their_threads() -> None:
    for forum in load_sites(SHIPPED, "forums"):
        assert re.fullmatch(forum.article, URL)
        assert not re.fullmatch(forum.article, "https://www.kaskus.co.id/thread/abc")
        assert forum.page(2) == f"{forum.list}&page=2"
