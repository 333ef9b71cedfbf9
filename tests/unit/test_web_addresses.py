"""Whom the web's fetcher connects to and shows secrets: never somebody inside, never somebody else than was checked."""

from collections.abc import Iterator

import httpx
import pytest

from producers.base import Lasting
from producers.settings import ProducerSettings
from producers.web.addresses import inside
from producers.web.fetch import Fetcher
from producers.web.limits import web_limits
from tests.support.fetching import BODY, fetch, fetcher_of
from tests.support.upstream import Reply, Upstream, upstream


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture
def fetcher() -> Fetcher:
    return fetcher_of()


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("10.0.0.8", True),
        ("192.168.1.1", True),
        ("169.254.169.254", True),
        ("100.64.0.1", True),
        ("0.0.0.0", True),
        ("224.0.0.1", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:127.0.0.1", True),
        ("64:ff9b::7f00:1", True),
        ("2002:7f00:1::", True),
        ("8.8.8.8", False),
        ("2001:4860:4860::8888", False),
        ("64:ff9b::808:808", False),
    ],
)
def test_what_is_inside_is_known(address: str, ours: bool) -> None:
    assert inside(address) == ours


def test_nobody_is_sent_into_our_own_network(server: Upstream, fetcher: Fetcher) -> None:
    port = server.url.rpartition(":")[2]
    server.answers["/away"] = Reply(302, headers={"Location": "http://169.254.169.254/latest/"})
    server.answers["/home"] = Reply(302, headers={"Location": f"http://localhost:{port}/secret"})
    server.answers["/decimal"] = Reply(302, headers={"Location": f"http://2130706433:{port}/secret"})
    for path in ("/away", "/home", "/decimal"):
        with pytest.raises(Lasting, match="inside our own network"):
            fetch(fetcher, server.url + path)
    with pytest.raises(Lasting, match="inside our own network"):
        fetch(fetcher, f"http://localhost:{port}/secret")
    assert not server.at("/secret")
    server.answers["/secret"] = Reply(body=BODY)
    assert fetch(fetcher_of(web_inside="localhost, other"), f"http://localhost:{port}/secret") == BODY


def test_one_address_inside_among_others_is_enough_to_refuse(server: Upstream) -> None:
    port = server.url.rpartition(":")[2]
    mixed = fetcher_of(find=lambda host, port: ["8.8.8.8", "127.0.0.1"])
    with pytest.raises(Lasting, match="inside our own network"):
        fetch(mixed, f"http://kabar.example:{port}/feed")
    assert not server.asked


def test_a_name_that_changes_between_look_and_connection_leads_nowhere_else(server: Upstream) -> None:
    port = int(server.url.rpartition(":")[2])
    server.answers["/feed"] = Reply(body=BODY)
    looked: list[str] = []

    def rebind(host: str, _port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["127.0.0.2"]

    trusted = fetcher_of(find=rebind, web_inside="kabar.example")
    assert fetch(trusted, f"http://kabar.example:{port}/feed") == BODY, "who looked again would find nobody"
    assert looked == ["kabar.example"]
    assert server.asked[0].headers["host"] == f"kabar.example:{port}"


def test_a_name_that_has_come_to_mean_ourselves_is_refused_also_where_one_is_sent_on_to_it(
    server: Upstream, fetcher: Fetcher
) -> None:
    port = int(server.url.rpartition(":")[2])
    server.answers["/feed"] = Reply(body=BODY)
    server.answers["/old"] = Reply(302, headers={"Location": f"http://kabar.example:{port}/feed"})
    rebound = fetcher_of(find=lambda host, port: ["127.0.0.1"])
    for url in (f"http://kabar.example:{port}/feed", f"{server.url}/old"):
        with pytest.raises(Lasting, match=r"'kabar\.example' is inside our own network"):
            fetch(rebound, url)
    assert not server.at("/feed")


def test_the_next_address_is_tried_where_one_does_not_answer(server: Upstream) -> None:
    port = server.url.rpartition(":")[2]
    server.answers["/feed"] = Reply(body=BODY)
    two = fetcher_of(find=lambda host, port: ["127.0.0.99", "127.0.0.1"], web_inside="kabar.example")
    assert fetch(two, f"http://kabar.example:{port}/feed") == BODY


def test_what_is_secret_stays_with_the_host_it_is_for_and_no_cookie_is_kept(server: Upstream) -> None:
    settings = ProducerSettings(web_gap_s=0, web_inside="localhost")
    keyed = Fetcher(settings, web_limits(settings), "*/*", secrets={"x-api-key": "hush"})
    port = server.url.rpartition(":")[2]
    server.answers["/old"] = Reply(
        302, headers={"Location": f"http://localhost:{port}/new", "Set-Cookie": "me=you; Path=/"}
    )
    server.answers["/new"] = Reply(body=BODY, headers={"Set-Cookie": "me=you; Path=/"})
    assert fetch(keyed, f"{server.url}/old") == BODY
    assert fetch(keyed, f"{server.url}/old") == BODY
    assert {one.headers.get("x-api-key") for one in server.at("/old")} == {"hush"}
    assert {one.headers.get("x-api-key") for one in server.at("/new")} == {None}
    assert all("cookie" not in one.headers for one in server.asked)


def test_what_is_secret_is_not_shown_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ProducerSettings(web_gap_s=0)
    keyed = Fetcher(settings, web_limits(settings), "*/*", secrets={"x-api-key": "hush"})
    shown = []

    def ask(target: httpx.URL, _meant: str, headers: dict[str, str], *_: object) -> httpx.URL | None:
        shown.append((target.scheme, headers.get("x-api-key")))
        return target.copy_with(scheme="http") if target.scheme == "https" else None

    monkeypatch.setattr(keyed, "_ask", ask)
    fetch(keyed, "https://kabar.example/feed")
    assert shown == [("https", "hush"), ("http", None)]


def test_behind_a_proxy_the_proxy_looks_names_up_and_addresses_inside_stay_refused(server: Upstream) -> None:
    def nobody(host: str, _port: int) -> list[str]:
        if host == "169.254.169.254":
            return [host]
        raise AssertionError(f"{host} was looked up here")

    through = fetcher_of(find=nobody, web_proxy=server.url)
    server.answers["/feed"] = Reply(body=BODY)
    server.answers["/away"] = Reply(302, headers={"Location": "http://169.254.169.254/latest/"})
    assert fetch(through, "http://kabar.example/feed") == BODY
    assert server.asked[0].headers["host"] == "kabar.example"
    with pytest.raises(Lasting, match="inside our own network"):
        fetch(through, "http://kabar.example/away")
    assert not server.at("/latest/")
