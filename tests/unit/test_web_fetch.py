"""How the web is fetched, against a real server: conditions, limits, refusals, turns."""

import gzip
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise
from threading import Event, Lock

import pytest

import producers.hosts as hosts_module
from producers.base import Lasting
from producers.hosts import Hosts
from producers.waits import retry_after_s
from producers.web.fetch import Fetcher, user_agent
from schemas.errors import Backpressure, Retryable
from tests.support.endless import endless
from tests.support.feeds import conditional
from tests.support.fetching import BODY, GAP_S, fetch, fetcher_of
from tests.support.upstream import Reply, Upstream, packed, upstream


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture
def fetcher() -> Fetcher:
    return fetcher_of()


def test_an_unchanged_feed_is_not_sent_again(server: Upstream, fetcher: Fetcher) -> None:
    server.answers["/feed"] = conditional(BODY)
    first = fetcher.get(f"{server.url}/feed", None, None, Event())
    assert first is not None
    assert first.body == BODY
    assert fetch(fetcher, f"{server.url}/feed", first.etag) is None
    asked = server.at("/feed")
    assert asked[1].headers["if-none-match"] == first.etag
    assert asked[0].headers["user-agent"] == user_agent("ops@example.org")
    assert "ops@example.org" in asked[0].headers["user-agent"]
    assert asked[0].headers["user-agent"].startswith("Denyut/")


def test_the_last_modification_is_a_condition_too(server: Upstream, fetcher: Fetcher) -> None:
    moment = "Sat, 21 Nov 2026 03:00:00 GMT"
    server.answers["/feed"] = Reply(
        body=BODY, headers={"Last-Modified": moment, "X-RateLimit-Remaining": "41"}
    )
    first = fetcher.get(f"{server.url}/feed", None, None, Event())
    assert first is not None
    assert (first.modified, first.quota_left) == (moment, 41)
    fetcher.get(f"{server.url}/feed", None, first.modified, Event())
    assert server.at("/feed")[1].headers["if-modified-since"] == moment


def test_packed_answers_are_unpacked_within_the_limit(server: Upstream, fetcher: Fetcher) -> None:
    server.answers["/packed"] = packed(BODY)
    assert fetch(fetcher, f"{server.url}/packed") == BODY
    two = gzip.compress(BODY[:50]) + gzip.compress(BODY[50:])
    server.answers["/members"] = Reply(body=two, headers={"Content-Encoding": "gzip"})
    assert fetch(fetcher, f"{server.url}/members") == BODY
    server.answers["/bomb"] = packed(b"\0" * 100_000_000)
    with pytest.raises(Lasting, match="larger than 50000 bytes"):
        fetch(fetcher, f"{server.url}/bomb")
    server.answers["/brotli"] = Reply(body=BODY, headers={"Content-Encoding": "br"})
    with pytest.raises(Lasting, match="packed as br"):
        fetch(fetcher, f"{server.url}/brotli")


@pytest.mark.parametrize("stated", [True, False])
def test_what_is_too_large_is_refused_before_it_is_read(
    server: Upstream, fetcher: Fetcher, stated: bool
) -> None:
    server.answers["/large"] = Reply(body=b"x" * 60_000 if stated else gzip.compress(b"x" * 60_000))
    if not stated:
        server.answers["/large"] = Reply(
            body=gzip.compress(b"x" * 60_000), headers={"Content-Encoding": "gzip"}
        )
    with pytest.raises(Lasting, match="larger than"):
        fetch(fetcher, f"{server.url}/large")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply(body=BODY, cut=100), "RemoteProtocolError"),
        (Reply(body=gzip.compress(BODY)[:-9], headers={"Content-Encoding": "gzip"}), "cut"),
        (Reply(body=b"no gzip at all", headers={"Content-Encoding": "gzip"}), "not the gzip"),
        (Reply(body=BODY, wait_s=90), "no answer in time"),
        (Reply(body=BODY, drip_s=0.3), "too slow"),
        (Reply(500), "HTTP 500"),
        (Reply(503), "HTTP 503"),
    ],
)
def test_what_may_go_away_is_tried_again(server: Upstream, reply: Reply, told: str) -> None:
    server.answers["/feed"] = reply
    # Little patience only for what must be given up, and of the one kind that it is given up by.
    limits = {"web_read_s": 0.5} if reply.wait_s else {"web_total_s": 2} if reply.drip_s else {}
    fetcher = fetcher_of(**limits)
    began = time.monotonic()
    with pytest.raises(Retryable, match=told) as caught:
        fetch(fetcher, f"{server.url}/feed")
    assert not isinstance(caught.value, Backpressure | Lasting)
    assert time.monotonic() - began < 60, "the limits in time are kept"
    assert len(server.asked) == 1, "never again at once"


@pytest.mark.parametrize(
    ("status", "credentials", "denied"),
    [(404, "", False), (410, "", False), (403, "", False), (401, "", True), (403, "me:secret@", True)],
)
def test_what_somebody_must_mend_lasts(
    server: Upstream, fetcher: Fetcher, status: int, credentials: str, denied: bool
) -> None:
    server.answers["/feed"] = Reply(status)
    with pytest.raises(Lasting, match=f"HTTP {status}") as caught:
        fetch(fetcher, f"{server.url.replace('//', f'//{credentials}')}/feed")
    assert caught.value.denied == denied
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "after", "least_s"), [(429, "120", 120), (503, "90", 90), (429, None, 60), (429, "0", 1)]
)
def test_throttling_says_how_long(
    server: Upstream, fetcher: Fetcher, status: int, after: str | None, least_s: float
) -> None:
    server.answers["/feed"] = Reply(status, headers={} if after is None else {"Retry-After": after})
    with pytest.raises(Backpressure) as caught:
        fetch(fetcher, f"{server.url}/feed")
    assert caught.value.retry_after >= least_s
    assert len(server.asked) == 1


def test_a_time_to_come_back_is_understood() -> None:
    now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    assert retry_after_s("Sat, 21 Nov 2026 03:02:00 GMT", now) == 120
    assert retry_after_s("Sat, 21 Nov 2020 03:02:00 GMT", now) == 1
    assert retry_after_s("soon", now) is None
    assert retry_after_s(None, now) is None
    assert retry_after_s("9" * 400, now) == 86_400
    for far in ("Sat, 21 Nov 99999999999 03:02:00 GMT", f"Sat, 21 Nov 2026 03:02:00 +{'9' * 30}"):
        assert retry_after_s(far, now) is None


@pytest.mark.parametrize("url", ["http://xn--a/", "http://\ud800.example/", "http://[::1/", "http://a\0b/"])
def test_what_is_no_address_is_refused_also_where_one_is_sent_on_to_it(
    server: Upstream, fetcher: Fetcher, url: str
) -> None:
    with pytest.raises(Lasting, match="no web address"):
        fetch(fetcher, url)
    if url.isprintable():
        server.answers["/away"] = Reply(302, headers={"Location": url})
        with pytest.raises(Retryable):
            fetch(fetcher, f"{server.url}/away")


def test_redirects_are_followed_but_not_for_ever(server: Upstream, fetcher: Fetcher) -> None:
    server.answers["/old"] = Reply(301, headers={"Location": "/new"})
    server.answers["/new"] = Reply(body=BODY)
    assert fetch(fetcher, f"{server.url}/old") == BODY
    server.answers["/elsewhere"] = Reply(302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(Lasting, match="no web address"):
        fetch(fetcher, f"{server.url}/elsewhere")
    server.asked.clear()
    server.answers["/round"] = Reply(302, headers={"Location": "/round"})
    with pytest.raises(Lasting, match="more than 5 times"):
        fetch(fetcher, f"{server.url}/round")
    assert len(server.asked) == 6
    assert all(later.at - earlier.at >= GAP_S for earlier, later in pairwise(server.asked))


def test_a_host_is_asked_one_thing_at_a_time_with_a_pause(server: Upstream, fetcher: Fetcher) -> None:
    server.answers["/feed"] = Reply(body=BODY, wait_s=0.1)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: fetch(fetcher, f"{server.url}/feed"), range(3)))
    assert answers == [BODY] * 3
    assert server.most_at_once == 1
    assert all(later.at - earlier.at >= GAP_S for earlier, later in pairwise(server.asked))


def test_a_stop_ends_a_slow_answer(server: Upstream) -> None:
    server.answers["/feed"] = Reply(body=BODY, drip_s=0.5)
    slow = fetcher_of(web_total_s=120)
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(slow.get, f"{server.url}/feed", None, None, stop)
        while not server.asked:
            time.sleep(0.01)
        stop.set()
        with pytest.raises(Retryable, match="told to stop"):
            reading.result(60)


@pytest.mark.parametrize("said", [b"103 Early Hints\r\n\r\nHTTP/1.1 ", b"2"])
def test_a_head_that_does_not_end_is_not_waited_for(said: bytes) -> None:
    began = time.monotonic()
    with endless(said) as (url, _), pytest.raises(Retryable, match="too slow"):
        fetch(fetcher_of(web_total_s=1.5), url)
    assert time.monotonic() - began < 30
    patient, stop = fetcher_of(web_total_s=120), Event()
    with endless(said) as (url, asked), ThreadPoolExecutor(1) as pool:
        reading = pool.submit(patient.get, url, None, None, stop)
        assert asked.wait(60)
        stop.set()
        with pytest.raises(Retryable, match="told to stop"):
            reading.result(60)


def test_nobody_there_is_tried_again(fetcher: Fetcher) -> None:
    with pytest.raises(Retryable, match="ConnectError"):
        fetch(fetcher, "http://127.0.0.1:9/feed")


def test_headers_that_mean_harm_are_not_kept(server: Upstream, fetcher: Fetcher) -> None:
    for given, left in (("9" * 30, None), ("²", None), ("9" * 18, 10**18 - 1)):
        server.answers["/quota"] = Reply(body=BODY, headers={"X-RateLimit-Remaining": given})
        answer = fetcher.get(f"{server.url}/quota", None, None, Event())
        assert answer is not None
        assert answer.quota_left == left
    server.answers["/tag"] = Reply(body=BODY)
    assert fetch(fetcher, f"{server.url}/tag", etag='"é"') == BODY
    assert "if-none-match" not in server.at("/tag")[0].headers
    server.answers["/label"] = Reply(302, headers={"Location": "http://a..b/"})
    with pytest.raises((Lasting, Retryable)):
        fetch(fetcher, f"{server.url}/label")


def test_hosts_are_forgotten_once_their_pause_is_over_and_nobody_is_at_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hosts_module, "_MOST_HOSTS", 2)
    monkeypatch.setattr(hosts_module, "_LONGEST_PAUSE_S", 0.0)
    hosts, stop = Hosts(0), Event()
    with hosts.turn("a", stop, 1):
        for name in ("b", "c", "d"):
            with hosts.turn(name, stop, 1):
                pass
        assert set(hosts._hosts) == {"a", "d"}
        with pytest.raises(Retryable, match="still under way"), hosts.turn("A", stop, 0):
            pass
    monkeypatch.setattr(hosts_module, "_LONGEST_PAUSE_S", 60.0)
    with hosts.turn("e", stop, 1):
        assert set(hosts._hosts) == {"a", "d", "e"}


def test_all_collectors_of_a_process_are_one_visitor_and_only_so_many_ask_at_once() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(upstream()) for _ in range(3)]
        under_way, most = [0], [0]
        lock, two = Lock(), Event()

        def slow(_: object) -> Reply:
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
                if under_way[0] > 1:
                    two.set()
            two.wait(20)
            with lock:
                under_way[0] -= 1
            return Reply(body=BODY)

        for server in servers:
            server.answers["/feed"] = slow
        fetchers = [fetcher_of(web_parallel=2, web_total_s=120, web_read_s=60) for _ in range(2)]
        with ThreadPoolExecutor(6) as pool:
            for _ in pool.map(lambda n: fetch(fetchers[n % 2], f"{servers[n % 3].url}/feed"), range(6)):
                pass
        assert most[0] == 2
        assert all(server.most_at_once == 1 for server in servers)
        for server in servers:
            assert all(b.at - a.at >= GAP_S for a, b in pairwise(server.asked))
