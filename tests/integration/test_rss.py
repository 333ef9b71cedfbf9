"""The rss collector as a process, against servers that answer in every way there is, and real Kafka."""

from collections import Counter as Counted
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import rooms
from tests.support.broker import Broker
from tests.support.feeds import conditional, feed_list, item, rss
from tests.support.producers import TOPICS, Counter, Producers, lines
from tests.support.stages import Feed
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstream import Answer, Asked, Reply, Upstream, upstream

pytestmark = pytest.mark.kafka

QUICK = {"rss_interval_s": "1", "checkpoint_s": "0"}


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    return Producers(kafka.bootstrap, prefix, tmp_path)


@pytest.fixture
def servers() -> Iterator[dict[str, Upstream]]:
    """One server for each of these feeds, so that no turn is waited for."""
    names = [
        "good",
        "changing",
        "forbidden",
        "denied",
        "gone",
        "busy",
        "failing",
        "slow",
        "cut",
        "malformed",
        "page",
    ]
    with ExitStack() as stack:
        yield {name: stack.enter_context(upstream()) for name in names}


def outcomes(producers: Producers) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for run in sorted(producers.records("runs"), key=lambda run: int(run["started_at"])):
        found.setdefault(run["source"], []).append(run["outcome"])
    return found


def numbers(producers: Producers, source: str) -> list[int]:
    """Of the articles that were published from one feed, as their addresses have them."""
    urls = [post["url"] for post in producers.records("posts") if post["source"] == source]
    return sorted(int(url.partition("berita/")[2].partition("?")[0]) for url in urls)


def test_every_kind_of_answer_becomes_posts_a_dead_letter_or_an_outcome(
    producers: Producers, servers: dict[str, Upstream], tmp_path: Path
) -> None:
    changing = [conditional(rss([item(n) for n in numbers])) for numbers in (range(20, 23), range(21, 25))]

    def change(asked: Asked) -> Reply:
        return changing[len(servers["changing"].asked) > 1](asked)

    nobody = item(42, guid="", link="")
    broken = "<item><title>A & B</title><link>https://kabar.example/berita/51</link></item>"
    replies: dict[str, Answer | Reply] = {
        "good": conditional(rss([item(1), item(2), item(3)])),
        "changing": change,
        "forbidden": Reply(403),
        "denied": Reply(401),
        "gone": Reply(404),
        "busy": Reply(429, headers={"Retry-After": "600"}),
        "failing": lambda _: (
            Reply(500) if len(servers["failing"].asked) < 3 else conditional(rss([item(30)]))(_)
        ),
        "slow": Reply(body=rss([item(31)]), wait_s=300),
        "cut": lambda _: Reply(body=rss([item(32)]), cut=200 if len(servers["cut"].asked) < 2 else None),
        "malformed": Reply(body=rss([item(50), broken, item(52), nobody]), headers={"ETag": '"1"'}),
        "page": Reply(body=b"<html>Maaf</html>", headers={"Content-Type": "text/html"}),
    }
    for name, reply in replies.items():
        servers[name].answers["/feed"] = reply
    feeds = feed_list(tmp_path / "feeds.toml", {name: f"{one.url}/feed" for name, one in servers.items()})
    # One of them must be given up; that is long for all that are well.
    settings = {**QUICK, "rss_feeds": str(feeds), "rss_read_s": "4"}
    least = {"good": 4, "changing": 2, "failing": 3, "cut": 2, "slow": 1, "malformed": 3}

    def ended() -> bool:
        """Whether so many runs are told of: one that has only asked would be ended by the stop."""
        told = outcomes(producers)
        return set(told) == set(servers) and all(len(told[name]) >= number for name, number in least.items())

    with producers.start("run", "rss", **settings) as (process, log):
        until(lambda: len(servers["slow"].asked) >= 2, "the slow feed was asked again")
        until(ended, "every feed was read, and what went wrong tried again")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()

    told = outcomes(producers)
    assert set(told) == set(servers), "a run for every feed"
    assert told["good"][0] == "ok"
    assert set(told["good"][1:]) == {"empty"}
    assert told["changing"][:2] == ["ok", "ok"]
    assert told["forbidden"] == ["error"]
    assert told["denied"] == ["auth"]
    assert told["gone"] == ["error"]
    assert told["busy"] == ["throttled"]
    assert told["failing"][:3] == ["error", "error", "ok"]
    # A run that was ended by the stop is nobody's failure.
    assert told["slow"][0] == "error"
    assert set(told["slow"][:-1]) == {"error"}
    assert told["cut"][:2] == ["error", "ok"]
    assert told["malformed"][0] == "ok"
    assert set(told["malformed"][1:]) == {"empty"}
    assert told["page"][0] == "error"
    assert set(told["page"][:-1]) <= {"error"}
    for name in ("forbidden", "denied", "gone", "busy"):
        assert len(servers[name].asked) == 1, f"{name} is left alone for long"

    assert numbers(producers, "good") == [1, 2, 3]
    assert numbers(producers, "changing") == [20, 21, 22, 23, 24]
    assert numbers(producers, "failing") == [30]
    assert numbers(producers, "slow") == []
    assert numbers(producers, "cut") == [32]
    assert numbers(producers, "malformed") == [50, 51, 52]
    [letter] = producers.records("dead-letters")
    assert letter["origin"].startswith("rss:malformed:")
    assert (letter["stage"], letter["reason"]) == ("rss", "malformed")
    assert b"Harga saham naik 42" in letter["raw"]
    errors = {run["source"]: run["error"] for run in producers.records("runs") if run["outcome"] != "empty"}
    assert errors["malformed"].startswith("malformed feed, 4 entries could be read")
    assert errors["gone"] == "HTTP 404 Not Found"
    assert errors["good"] is None
    assert all("if-none-match" not in one.headers for one in servers["malformed"].asked), (
        "not whole: asked anew"
    )


def test_a_slow_feed_keeps_no_other_waiting(
    producers: Producers, servers: dict[str, Upstream], tmp_path: Path
) -> None:
    servers["slow"].answers["/feed"] = Reply(wait_s=300)
    servers["good"].answers["/feed"] = conditional(rss([item(1)]))
    feeds = feed_list(
        tmp_path / "feeds.toml", {name: f"{servers[name].url}/feed" for name in ("slow", "good")}
    )
    settings = {
        **QUICK,
        "rss_feeds": str(feeds),
        "rss_read_s": "200",
        "rss_total_s": "200",
        "rss_parallel": "2",
    }
    with producers.start("run", "rss", **settings) as (process, _):
        until(lambda: len(servers["good"].asked) >= 4, "the good feed goes on")
        assert len(servers["slow"].asked) == 1
        process.terminate()
        assert process.wait(60) == 0, "a stop does not wait for the slow one"
    [run] = [run for run in producers.records("runs") if run["source"] == "slow"]
    assert run["outcome"] == "empty", "a stop is not the mistake of a source"
    assert "stopped" in run["error"]


@pytest.mark.chaos
def test_killed_in_the_middle_nothing_is_lost_and_little_is_told_twice(
    producers: Producers, servers: dict[str, Upstream], tmp_path: Path
) -> None:
    """Feeds that grow at every request, a process that is killed with -9 again and again."""
    names, chunk, most = ["good", "changing", "busy", "cut"], 100, 800
    offsets = {name: number * 10_000 for number, name in enumerate(names)}
    growing = True

    def answer(name: str) -> Answer:
        def grown(asked: Asked) -> Reply:
            size = min(most, chunk * len(servers[name].asked)) if growing else most
            body = rss([item(offsets[name] + number) for number in range(size)])
            reply = conditional(body)(asked)
            # Now and then a connection breaks, too.
            return (
                reply if len(servers[name].asked) % 5 else Reply(reply.status, reply.body, reply.headers, 900)
            )

        return grown

    for name in names:
        servers[name].answers["/feed"] = answer(name)
    feeds = feed_list(tmp_path / "feeds.toml", {name: f"{servers[name].url}/feed" for name in names})
    published = Counter(producers.bootstrap, f"{producers.prefix}posts")
    kills = 4
    for kill in range(kills):
        enough = kill * 450
        with producers.start("run", "rss", rss_feeds=str(feeds), **QUICK) as (process, log):
            published.passes(enough)
            process.kill()
            process.wait()
    growing = False
    expected = {offsets[name] + number for name in names for number in range(most)}
    with producers.start("run", "rss", rss_feeds=str(feeds), **QUICK) as (process, log):
        until(lambda: set(posts_of(producers)) == expected, "every article")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    counted = Counted(posts_of(producers))
    assert set(counted) == expected
    repeats = sum(counted.values()) - len(counted)
    print(f"{len(counted)} posts, {kills} kills, {repeats} repeats")
    assert repeats <= kills * len(names) * 2 * chunk, "at most what was under way at each kill"
    ids = {post["url"]: post["id"] for post in producers.records("posts")}
    assert len(set(ids.values())) == len(expected), "a repeat has the id of the first"


def posts_of(producers: Producers) -> list[int]:
    return [int(post["url"].partition("berita/")[2].partition("?")[0]) for post in producers.records("posts")]


def test_a_restart_publishes_nothing_again(
    producers: Producers, servers: dict[str, Upstream], tmp_path: Path
) -> None:
    servers["good"].answers["/feed"] = Reply(
        body=rss([item(n) for n in range(5)] + [item(9, guid="", link="")])
    )
    feeds = feed_list(tmp_path / "feeds.toml", {"good": f"{servers['good'].url}/feed"})
    for _ in range(2):
        before = len(servers["good"].asked)
        with producers.start("run", "rss", rss_feeds=str(feeds), **QUICK) as (process, log):
            until(lambda before=before: len(servers["good"].asked) >= before + 2, "polled twice")  # type: ignore[misc]  # bound now
            process.terminate()
            assert process.wait(60) == 0, lines(log)
    assert numbers(producers, "good") == [0, 1, 2, 3, 4]
    assert len(producers.records("dead-letters")) == 1

    # As it is after a crash between the posts and their cursor.
    Feed(producers.bootstrap, producers.prefix).send("checkpoints", [("rss:good", None)])
    with producers.start("run", "rss", rss_feeds=str(feeds), **QUICK) as (process, _):
        published = Counter(producers.bootstrap, f"{producers.prefix}posts")
        until(lambda: published() > 5, "published again")
        process.terminate()
        assert process.wait(60) == 0
    assert Counted(post["id"] for post in producers.records("posts")).most_common()[-1][1] == 2
    assert len({post["id"] for post in producers.records("posts")}) == 5, "each repeat can be told"
    assert len({letter["id"] for letter in producers.records("dead-letters")}) == 1


def test_check_says_which_feeds_answer(
    producers: Producers, servers: dict[str, Upstream], tmp_path: Path
) -> None:
    servers["good"].answers["/feed"] = conditional(rss([item(1)]))
    names = ["good", "gone"]
    feeds = feed_list(tmp_path / "feeds.toml", {name: f"{servers[name].url}/feed" for name in names})

    def check(path: Path) -> tuple[int, str]:
        done = rooms.run(
            ["producers", "check", "rss"], producers.environment(rss_feeds=str(path), check_s="60")
        )
        return done.returncode, done.stdout

    status, told = check(feeds)
    assert status == 0
    assert f"2 feeds (id) of {feeds}" in told
    assert "1 of 2 feeds answer; not: gone (HTTP 404 Not Found)" in told
    status, told = check(feed_list(tmp_path / "none.toml", {"gone": f"{servers['gone'].url}/feed"}))
    assert status == 1
    assert "not reached: none of 1 feeds answers; the first: gone" in told
    status, told = check(tmp_path / "missing.toml")
    assert status == 1
    assert "not ready: cannot read the feeds" in told
