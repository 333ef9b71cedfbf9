"""RSS with the articles behind its entries."""

from collections.abc import Iterator
from threading import Event

import pytest

from producers.collectors.rss import Rss
from producers.settings import ProducerSettings
from tests.support.feeds import conditional, item, rss
from tests.support.upstream import Reply
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.rss import RssUpstream

HTML = {"Content-Type": "text/html; charset=utf-8"}
TEXT = "Harga beras di pasar tradisional naik lagi pekan ini, kata para pedagang kepada wartawan."
MORE = "Pemerintah menjanjikan operasi pasar sampai akhir bulan depan di semua provinsi."


@pytest.fixture
def server() -> Iterator[RssUpstream]:
    server = RssUpstream()
    try:
        yield server
    finally:
        server.close()


def driver(server: RssUpstream, **settings: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(Rss(ProducerSettings.model_validate({**given, "rss_full_text": True, **settings})))


def entries(server: RssUpstream, count: int) -> None:
    server.server.answers["/feed"] = conditional(
        rss(item(number, link=f"{server.url}/read/{number}") for number in reversed(range(count)))
    )
    for number in range(count):
        page = f"<html><body><article><h1>Harga saham naik {number}</h1><p>{TEXT}</p><p>{MORE}</p></article></body></html>"
        server.server.answers[f"/read/{number}"] = Reply(body=page.encode(), headers=HTML)


def test_the_text_is_that_of_the_page_and_the_id_that_of_the_entry(server: RssUpstream) -> None:
    entries(server, 3)
    short = driver(server, rss_full_text=False).run()
    found = driver(server)
    full = found.run()
    assert full.ids == short.ids
    assert short.posts[0]["text"] == "Harga saham naik 0. Isi berita."
    assert [post["text"] for post in full.posts] == [
        f"Harga saham naik {number}. {TEXT}\n{MORE}" for number in range(3)
    ]
    assert found.run().run["outcome"] == "empty"
    assert len(server.server.at("/read/0")) == 1


def test_an_article_that_cannot_be_read_keeps_its_summary_and_that_is_said(server: RssUpstream) -> None:
    entries(server, 3)
    server.server.answers["/read/1"] = Reply(500)
    server.server.answers["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /read/2\n")
    ended = driver(server).run()
    assert [TEXT in post["text"] for post in ended.posts] == [True, False, False]
    assert ended.run["error"] == "2 articles could not be read in full"
    assert ended.run["outcome"] == "ok"


def test_a_host_that_throttles_is_not_asked_again_and_its_articles_keep_their_summaries(
    server: RssUpstream,
) -> None:
    entries(server, 3)
    server.server.answers["/read/1"] = Reply(429)
    found = driver(server)
    first = found.run()
    assert first.run["outcome"] == "ok"
    assert first.run["error"] == "2 articles could not be read in full"
    assert [TEXT in post["text"] for post in first.posts] == [True, False, False]
    assert not server.server.at("/read/2")
    entries(server, 4)
    assert [TEXT in post["text"] for post in found.run().posts] == [True], "the next run asks again"


def test_time_that_is_up_leaves_the_rest_for_the_next_run(server: RssUpstream) -> None:
    entries(server, 3)
    found = driver(server, run_timeout_s=0.000_001)
    first = found.run()
    assert not first.posts
    later = driver(server)
    later.cursors = found.cursors
    assert len(later.run().posts) == 3


def test_an_article_that_is_being_read_at_a_stop_is_left_for_the_next_run(server: RssUpstream) -> None:
    entries(server, 2)
    stop = Event()

    def stopping(_: object) -> Reply:
        stop.set()
        return Reply(500)

    server.server.answers["/read/0"] = stopping
    batches = list(driver(server).collector.collect("kabar", {}, stop))
    assert not any(batch.items for batch in batches)
    assert not server.server.at("/read/1")


def test_what_was_left_for_the_next_run_is_read_by_the_same_process(server: RssUpstream) -> None:
    entries(server, 3)
    found = driver(server, run_timeout_s=0.000_001)
    assert not found.run().posts
    assert isinstance(found.collector, Rss)
    found.collector._run_s = 60.0
    assert len(found.run().posts) == 3


def test_an_entry_sends_nobody_into_our_own_network(server: RssUpstream) -> None:
    port = server.url.rpartition(":")[2]
    inside = ["http://169.254.169.254/latest/", f"http://localhost:{port}/read/0", "http://[::1]/"]
    server.server.answers["/feed"] = conditional(
        rss(item(number, link=link, guid=f"g{number}") for number, link in enumerate(inside))
    )
    ended = driver(server).run()
    assert ended.run["error"] == "3 articles could not be read in full"
    assert [one.path for one in server.requests] == ["/feed"]
