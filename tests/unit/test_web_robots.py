"""robots.txt as RFC 9309 has it, and what is done where it cannot be had."""

import time
from collections.abc import Iterator
from threading import Event

import pytest

import producers.web.permits as permits_module
from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from producers.web.permits import Disallowed, Permits
from producers.web.robots import rules_for
from schemas.errors import Backpressure, Retryable
from tests.support.upstream import Reply, Upstream, upstream

SITE = "https://kabar.example"
TEXT = """\
\ufeff# robots of a newspaper
Sitemap: https://kabar.example/sitemap.xml
User-agent: badbot
Disallow: /

User-Agent: *
User-agent: other
Disallow: /cari?
Disallow: /*?print=
Disallow: /*.pdf$
disallow: /kanal/ # a section
Allow: /kanal/berita
Allow: /*.pdf$a
Disallow: /a%2dz
Disallow:
Crawl-delay: 2.5

User-agent: *
Disallow: /lagi/
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/read/1", True),
        ("/cari?q=beras", False),
        ("/cari", True),
        ("/read/1?a=b&print=1", True),
        ("/read/1?print=1", False),
        ("/unduh/laporan.pdf", False),
        ("/unduh/laporan.pdf?x=1", True),
        ("/kanal/olahraga", False),
        ("/kanal/berita/1", True),
        ("/a-z", False),
        ("/lagi/1", False),
    ],
)
def test_the_longest_rule_that_matches_decides(path: str, allowed: bool) -> None:
    assert rules_for("Denyut", TEXT).allows(SITE + path) == allowed


def test_rules_by_name_are_taken_alone_and_of_equals_the_one_that_allows() -> None:
    text = TEXT + "User-agent: denyut\nDisallow: /x\nAllow: /x\nDisallow: /y\nCrawl-delay: soon\n"
    rules = rules_for("Denyut", text)
    assert rules.allows(f"{SITE}/x")
    assert not rules.allows(f"{SITE}/y")
    assert rules.allows(f"{SITE}/lagi/1")
    assert rules.delay_s is None
    assert rules_for("Denyut", TEXT).delay_s == 2.5
    assert not rules_for("badbot", TEXT).allows(f"{SITE}/read/1")
    assert rules_for("Denyut", "<html>not found</html>").allows(f"{SITE}/")


def test_no_pattern_takes_long() -> None:
    text = "User-agent: *\nDisallow: /" + "*a" * 5_000 + "$\n"
    assert rules_for("Denyut", text).allows(f"{SITE}/" + "a" * 4_000 + "b")


def test_no_line_takes_long_and_no_group_has_no_end() -> None:
    spaces = " " * 100_000
    began = time.thread_time()
    assert rules_for("Denyut", f"User-agent: *\nDisallow: /a{spaces}x # y\nDisallow{spaces}b").rules
    assert time.thread_time() - began < 5
    assert rules_for("Denyut", f"User-agent{spaces}:{spaces}*{spaces}\nDisallow: /a{spaces}").rules == (
        (False, "/a"),
    )
    many = "User-agent: *\n" * 10_000 + "Disallow: /a\n" * 10_000
    assert len(rules_for("Denyut", many).rules) == 2_000


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


def permits(web_inside: str = "") -> Permits:
    settings = ProducerSettings(web_gap_s=0, web_inside=web_inside)
    return Permits(Fetcher(settings, web_limits(settings), "text/html"))


def test_it_is_asked_for_once_and_its_delay_is_kept(server: Upstream) -> None:
    server.answers["/robots.txt"] = Reply(body=b"User-agent: *\nDisallow: /secret\nCrawl-delay: 3\n")
    asked = permits()
    assert asked.gap_s(f"{server.url}/read/1", Event()) == 3
    assert asked.gap_s(f"{server.url}/read/2", Event()) == 3
    with pytest.raises(Disallowed, match="does not allow '/secret/1'"):
        asked.gap_s(f"{server.url}/secret/1", Event())
    assert len(server.asked) == 1


def test_only_so_many_hosts_are_remembered(server: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permits_module, "_MOST_HOSTS", 1)
    server.answers["/robots.txt"] = Reply(body=b"")
    asked = permits(web_inside="localhost")
    here, there = f"{server.url}/", f"http://localhost:{server.url.rpartition(':')[2]}/"
    for url in (here, here, there, there, here):
        assert asked.gap_s(url, Event(), found_at=url) == 0
    assert len(server.asked) == 3
    for url in ("http://[::1/a", "http://xn--a/", "http://\ud800/"):
        with pytest.raises(Lasting, match="no web address"):
            asked.gap_s(url, Event())


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_site_without_one_allows_everything(server: Upstream, status: int) -> None:
    server.answers["/robots.txt"] = Reply(status)
    assert permits().gap_s(f"{server.url}/read/1", Event()) == 0


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(Reply(500), Retryable), (Reply(429), Backpressure), (Reply(body=b"x", wait_s=90), Retryable)],
)
def test_a_site_that_cannot_be_asked_allows_nothing_yet(
    server: Upstream, reply: Reply, kind: type[Retryable]
) -> None:
    server.answers["/robots.txt"] = reply
    asked = permits()
    with pytest.raises(kind):
        asked.gap_s(f"{server.url}/read/1", Event(), 0.3 if reply.wait_s else None)
    server.answers["/robots.txt"] = Reply(body=b"")
    assert asked.gap_s(f"{server.url}/read/1", Event()) == 0, "and is asked again"


def test_a_pause_that_nobody_has_time_for_is_a_refusal(server: Upstream) -> None:
    server.answers["/robots.txt"] = Reply(body=b"User-agent: *\nCrawl-delay: 86400\n")
    with pytest.raises(Disallowed, match="86400 s"):
        permits().gap_s(f"{server.url}/read/1", Event())
