"""Sites beyond the contract: what one bad article does, what robots.txt forbids, lists that were laid out anew."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

import producers.collectors.sites as sites_module
from producers.collectors.sites import Sites
from producers.settings import ProducerSettings
from producers.sites.listing import links
from producers.sites.outlets import load_sites
from producers.sites.place import PAUSE_MS, TRIES
from producers.web.identity import canonical
from schemas.errors import Backpressure, Fatal, Retryable
from tests.support.upstream import Asked, Reply
from tests.support.upstreams import Fault
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.sites import HTML, SitesUpstream


@pytest.fixture
def server() -> Iterator[SitesUpstream]:
    server = SitesUpstream()
    try:
        yield server
    finally:
        server.close()


def driver(server: SitesUpstream, **settings: object) -> Driver:
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    return Driver(Sites(ProducerSettings.model_validate({**given, **settings})))


class Clock:
    """The present, as the collector sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000_000
        monkeypatch.setattr(sites_module, "now_ms", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_one_article_that_fails_keeps_no_other_waiting_and_is_given_up_in_the_open(
    server: SitesUpstream, clock: Clock
) -> None:
    expected = server.publish(3)
    broken = server.path(1)
    server.server.answers[broken] = Reply(500)
    found = driver(server)
    first = found.run()
    assert first.ids == [expected[0], expected[2]]
    assert (first.run["outcome"], first.run["error"]) == ("ok", "1 could not be read and are tried again")
    assert found.run().run["outcome"] == "empty", "not yet"
    for tries in range(1, TRIES - 1):
        clock.now += PAUSE_MS * 2 ** (tries - 1)
        again = found.run()
        assert again.run["outcome"] == "error", "nothing else was read"
        assert again.run["error"] == "HTTP 500 Internal Server Error"
    clock.now += PAUSE_MS * 2 ** (TRIES - 2)
    [refused] = found.run().refused
    assert (refused.why.reason, refused.raw) == (
        "rejected",
        f"{server.url}{broken}?utm_source=indeks".encode(),
    )
    assert len(server.server.at(broken)) == TRIES
    clock.now += PAUSE_MS * 100
    assert found.run().run["outcome"] == "empty", "and is not tried again"


def test_one_that_recovers_is_read_though_it_left_the_list(server: SitesUpstream, clock: Clock) -> None:
    expected = server.publish(2)
    page = server.server.answers[server.path(0)]
    server.server.answers[server.path(0)] = Reply(500)
    found = driver(server)
    assert found.run().ids == expected[1:]
    server.server.answers[server.path(0)] = page
    newer = server.publish(5)
    clock.now += PAUSE_MS
    assert found.run().ids == [expected[0], *newer]


def test_an_outlet_whose_articles_all_fail_is_left_alone_for_the_run(
    server: SitesUpstream, clock: Clock
) -> None:
    server.publish(1)
    found = driver(server)
    found.run()
    expected = server.publish(5)
    pages = {server.path(number): server.server.answers[server.path(number)] for number in range(1, 6)}
    server.server.answers.update(dict.fromkeys(pages, Reply(503)))
    failed = found.run()
    assert (failed.run["outcome"], failed.run["error"]) == ("error", "HTTP 503 Service Unavailable")
    assert [len(server.server.at(one)) for one in pages] == [1, 1, 1, 0, 0]
    server.server.answers.update(pages)
    clock.now += PAUSE_MS
    assert found.run().ids == expected


@pytest.mark.parametrize("status", [403, 500])
def test_articles_that_never_can_be_read_are_given_up_and_keep_no_other_waiting(
    server: SitesUpstream, clock: Clock, status: int
) -> None:
    server.publish(1)
    found = driver(server)
    found.run()
    expected = server.publish(5)
    server.server.answers.update({server.path(number): Reply(status) for number in range(1, 4)})
    runs = [found.run()]
    assert runs[0].run["outcome"] == "error"
    for _ in range(TRIES):
        clock.now += PAUSE_MS * 10
        runs.append(found.run())
    assert runs[1].ids == expected[3:]
    assert [len(run.refused) for run in runs] == [0, 0, 0, 3, 0]
    assert runs[-1].run["outcome"] == "empty"


def test_an_article_that_always_throttles_is_not_the_head_of_every_run(
    server: SitesUpstream, clock: Clock
) -> None:
    expected = server.publish(3)
    server.server.answers[server.path(0)] = Reply(429)
    found = driver(server)
    assert isinstance(found.run().problem, Backpressure)
    assert found.run().ids == expected[1:]
    for _ in range(TRIES - 1):
        clock.now += PAUSE_MS * 10
        ended = found.run()
        assert isinstance(ended.problem, Backpressure)
    assert len(ended.refused) == 1
    clock.now += PAUSE_MS * 10
    assert found.run().run["outcome"] == "empty"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404), "rejected"),
        (Reply(410), "rejected"),
        (Reply(body=b"x" * 90_000, headers=HTML), "oversized"),
        (Reply(body=b"<title>Video</title><video>", headers=HTML), "malformed"),
        (Reply(body=b"<b>" * 15_000 + b"<i>" * 10_000, headers=HTML), "oversized"),
    ],
)
def test_an_article_that_never_will_be_one_is_a_dead_letter(
    server: SitesUpstream, reply: Reply, reason: str
) -> None:
    expected = server.publish(2)
    server.server.answers[server.path(0)] = reply
    ended = driver(server, web_max_bytes=80_000).run()
    assert ended.ids == expected[1:]
    assert [one.why.reason for one in ended.refused] == [reason]
    assert ended.run["outcome"] == "ok"


def test_throttling_in_the_middle_ends_the_run_and_keeps_what_was_read(
    server: SitesUpstream, clock: Clock
) -> None:
    expected = server.publish(3)
    page = server.server.answers[server.path(1)]
    server.server.answers[server.path(1)] = Reply(429, headers={"Retry-After": "30"})
    found = driver(server)
    ended = found.run()
    assert isinstance(ended.problem, Backpressure)
    assert ended.ids == expected[:1]
    assert not server.server.at(server.path(2))
    server.server.answers[server.path(1)] = page
    clock.now += PAUSE_MS
    assert found.run().ids == expected[1:]


def test_an_article_that_is_being_read_at_a_stop_has_used_up_no_try(server: SitesUpstream) -> None:
    server.publish(2)
    stop = Event()

    def stopping(_: object) -> Reply:
        stop.set()
        return Reply(500)

    server.server.answers[server.path(0)] = stopping
    [batch] = driver(server).collector.collect("kabar", {}, stop)
    assert batch.remark == "2 articles are left for the next run"
    assert not server.server.at(server.path(1))


def test_only_so_many_articles_are_read_at_once_and_the_rest_is_said(server: SitesUpstream) -> None:
    server.publish(1)
    found = driver(server, sites_articles=2)
    found.run()
    expected = server.publish(5)
    runs = [found.run() for _ in range(3)]
    assert [one for run in runs for one in run.ids] == expected
    assert runs[0].run["error"] == "3 articles are left for the next run"
    assert runs[2].run["error"] is None


def test_what_was_missed_is_said(server: SitesUpstream) -> None:
    server.publish(1)
    found = driver(server, sites_pages=1)
    found.run()
    server.publish(6)
    assert "what is older was missed" in str(found.run().run["error"])


@pytest.mark.parametrize("fault", ["empty", "malformed", "500", "cut"])
def test_a_later_page_that_is_none_is_not_the_end_of_the_list(server: SitesUpstream, fault: Fault) -> None:
    server.publish(1)
    found = driver(server)
    found.run()
    expected = server.publish(7)
    good = server.server.answers["/indeks"]
    assert callable(good)

    def second_page_broken(asked: Asked) -> Reply:
        if asked.query.get("page") == "2":
            server.fault(fault, path="/indeks")
        return good(asked)

    server.server.answers["/indeks"] = second_page_broken
    broken = found.run()
    assert (broken.run["outcome"], broken.posts) == ("error", [])
    server.server.answers["/indeks"] = good
    assert found.run().ids == expected, "nothing was lost by it"


def test_a_list_that_ends_before_anything_known_says_so(server: SitesUpstream) -> None:
    server.publish(1)
    found = driver(server)
    found.run()
    expected = server.publish(3)
    good = server.server.answers["/indeks"]
    assert callable(good)
    menu = Reply(body=b"<!doctype html><a href='/'>Beranda</a>", headers=HTML)
    server.server.answers["/indeks"] = lambda asked: menu if "page" in asked.query else good(asked)
    run = found.run()
    assert run.ids == expected
    assert "what is older was missed" in str(run.run["error"])


def test_a_list_is_asked_whether_it_changed(server: SitesUpstream) -> None:
    server.publish(1)
    listed = server.server.answers["/indeks"]
    assert callable(listed)

    def tagged(asked: object) -> Reply:
        if asked.headers.get("if-none-match") == '"1"':  # type: ignore[attr-defined]
            return Reply(304)
        reply = listed(asked)  # type: ignore[arg-type]
        return Reply(body=reply.body, headers={**HTML, "ETag": '"1"'})

    server.server.answers["/indeks"] = tagged
    found = driver(server)
    assert len(found.run().ids) == 1
    assert found.run().run["outcome"] == "empty"
    assert [one.headers.get("if-none-match") for one in server.server.at("/indeks")] == [None, '"1"']


def test_what_robots_txt_forbids_is_not_read(server: SitesUpstream) -> None:
    expected = server.publish(2)
    text = f"User-agent: Denyut\nDisallow: {server.path(0)}\n".encode()
    server.server.answers["/robots.txt"] = Reply(body=text)
    ended = driver(server).run()
    assert ended.ids == expected[1:]
    assert "robots.txt" in ended.refused[0].why.detail
    assert not server.server.at(server.path(0))
    server.server.answers["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /\n")
    refused = driver(server).run()
    assert refused.run["outcome"] == "error"
    assert "does not allow '/indeks'" in str(refused.run["error"])


def test_a_list_that_was_laid_out_anew_is_no_silence(server: SitesUpstream) -> None:
    server.publish(2)
    server.server.answers["/indeks"] = Reply(
        body=b"<main><a href='/read/1/a'>Berita</a></main>", headers=HTML
    )
    found = driver(server)
    server.server.answers["/robots.txt"] = Reply(404)
    assert "laid out anew" in str(found.run().run["error"])
    with pytest.raises(Retryable, match="kabar: 0 articles"):
        found.collector.reach(1)
    server.server.answers["/indeks"] = Reply(body=b"<li>" * 30_000, headers=HTML)
    assert found.run().run["error"] == "a list of more than 20000 tags"


REAL = {
    "detik": "https://news.detik.com/berita/d-8123456/harga-beras-naik",
    "kompas": "https://nasional.kompas.com/read/2026/11/21/10150061/harga-beras-naik",
    "tempo": "https://www.tempo.co/ekonomi/harga-beras-naik-2090123",
    "cnn-indonesia": "https://www.cnnindonesia.com/ekonomi/20261121101500-92-1234567/harga-beras-naik",
    "cnbc-indonesia": "https://www.cnbcindonesia.com/news/20261121101500-4-123456/harga-beras-naik",
    "liputan6": "https://www.liputan6.com/bisnis/read/6123456/harga-beras-naik",
}


def test_the_shipped_outlets_know_their_articles_and_nothing_else() -> None:
    sites = {site.name: site for site in load_sites(None)}
    assert set(sites) == set(REAL)
    others = "".join(f'<article><h4><a href="{url}">x</a></h4></article>' for url in REAL.values())
    others += '<article><h4><a class="media__link" href="/indeks">x</a><a href="javascript:alert(1)">y</a></h4></article>'
    for name, site in sites.items():
        own = f'<article><h4><a class="media__link article-link" href="{REAL[name]}?utm_source=x#a">x</a></h4></article>'
        assert [canonical(one) for one in links(own + others, site.list, site)] == [REAL[name]]
        assert site.page(1) == site.list
        assert str(site.page(2)).endswith("page=2")
    assert sites["kompas"].whole_address("https://a/b") == "https://a/b?page=all"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ('link = "a["', "no CSS selector"),
        ("article = '['", "no regular expression"),
        ('next = "https://kabar.example/2"', "says nowhere"),
        ('zone = "Asia/Nowhere"', "no time zone"),
        ('strange = "x"', "strange"),
        ('list = "kabar"', "list"),
    ],
)
def test_a_list_of_outlets_that_is_wrong_says_where(tmp_path: Path, changed: str, told: str) -> None:
    lines = ['name = "a"', 'list = "https://a.example/"', "article = 'x'", 'language = "id"']
    name = changed.partition(" ")[0]
    kept = [one for one in lines if not one.startswith(f"{name} ")]
    path = tmp_path / "sites.toml"
    path.write_text("\n".join(["[[sites]]", *kept, changed]), encoding="utf-8")
    with pytest.raises(Fatal, match=told):
        load_sites(path)


def test_an_outlet_sends_nobody_into_our_own_network(server: SitesUpstream, tmp_path: Path) -> None:
    server.publish(1)
    port = server.url.rpartition(":")[2]
    path = tmp_path / "sites.toml"
    lines = [
        "[[sites]]",
        'name = "kabar"',
        f'list = "{server.url}/indeks"',
        "article = 'http://.*/(?:read|latest)/.*'",
        'language = "id"',
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    inside = ["http://169.254.169.254/latest/meta-data", f"http://localhost:{port}/read/0/harga"]
    links_of = "".join(f'<a href="{url}">x</a>' for url in inside)
    server.server.answers["/indeks"] = Reply(body=links_of.encode(), headers=HTML)
    ended = driver(server, sites_list=path).run()
    assert ended.run["outcome"] == "error"
    assert "inside our own network" in str(ended.run["error"])
    assert [one.path for one in server.requests] == ["/robots.txt", "/indeks"]
