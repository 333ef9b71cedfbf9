import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from producers.registry import COLLECTORS
from schemas.topics import MAX_POST_BYTES
from tests.support import rooms
from tests.support.broker import Broker, OwnBroker
from tests.support.producers import CODEC, TOPICS, Counter, Producers, event, lines
from tests.support.recorded import generate
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    return Producers(kafka.bootstrap, prefix, tmp_path)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[OwnBroker]:
    broker = OwnBroker(tmp_path / "kafka")
    broker.start()
    yield broker
    broker.stop()


def given_ids(path: Path) -> list[str]:
    return [f"x:{json.loads(line)['id']}" for line in path.read_text(encoding="utf-8").splitlines()]


def assert_order_kept(messages: list[Any], given: list[str]) -> None:
    """Each partition has its posts in the order of the file, but for repeats."""
    place = {post_id: number for number, post_id in enumerate(given)}
    last: dict[int, int] = {}
    seen: set[str] = set()
    for message in messages:
        key = message.key().decode()
        if key in seen:
            continue
        seen.add(key)
        assert place[key] > last.get(message.partition(), -1)
        last[message.partition()] = place[key]


def test_a_replay_leaves_posts_dead_letters_a_run_and_a_checkpoint(
    producers: Producers, tmp_path: Path
) -> None:
    path = generate(tmp_path / "events.jsonl", 3_000)
    given = given_ids(path)
    good = path.read_bytes().splitlines()
    long_text = json.dumps({"ts": "2015-07-01T00:00:00Z", "text": "x" * (MAX_POST_BYTES + 1)}).encode()
    path.write_bytes(b"\n".join([*good[:10], b'{"ts": "2015', *good[10:], long_text, b"\x00\xff"]) + b"\n")

    status, log = producers.run("replay", str(path))
    assert status == 0, log

    posts = producers.read("posts")
    assert sorted(message.key().decode() for message in posts) == sorted(given)
    assert_order_kept(posts, given)
    for message in posts:
        record = CODEC.decode(message.value()).record
        assert message.key().decode() == record["id"]
        assert message.timestamp()[1] == record["collected_at"]
    letters = {letter["origin"]: letter for letter in producers.records("dead-letters")}
    assert {origin: letter["reason"] for origin, letter in letters.items()} == {
        "events.jsonl:11": "malformed",
        "events.jsonl:3002": "oversized",
        "events.jsonl:3003": "malformed",
    }
    assert letters["events.jsonl:3002"]["raw_size"] == len(long_text)
    assert letters["events.jsonl:3002"]["raw"] == long_text[:MAX_POST_BYTES]
    assert letters["events.jsonl:3003"]["raw"] == b"\x00\xff"
    [run] = producers.records("runs")
    assert (run["collector"], run["source"], run["outcome"]) == ("replay", "events.jsonl", "ok")
    assert (run["items"], run["published"]) == (3_003, 3_000)
    times = [CODEC.decode(message.value()).record["event_at"] for message in posts]
    assert (run["oldest_item_at"], run["newest_item_at"]) == (min(times), max(times))
    assert [(one.line, one.done) for one in producers.passes()] == [(3_003, True)]


def test_prices_and_posts_of_one_command_go_to_their_topics(producers: Producers, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("date,symbol,open,high,low,close,volume\n2015-07-02,AAPL,1,2,0.5,1.5,10\n")
    events = generate(tmp_path / "events.jsonl", 50)
    status, log = producers.run("replay", str(events), str(prices), "--shift")
    assert status == 0, log
    [candle] = producers.read("candles")
    assert candle.key() == b"AAPL"
    assert candle.timestamp()[1] == CODEC.decode(candle.value()).record["collected_at"]
    newest = max(record["event_at"] for record in producers.records("posts"))
    [run] = producers.records("runs")
    assert run["started_at"] <= newest <= run["ended_at"]


def test_a_second_replay_publishes_the_same_ids(producers: Producers, tmp_path: Path) -> None:
    path = generate(tmp_path / "events.jsonl", 500)
    for shift in ([], ["--shift"]):
        status, log = producers.run("replay", str(path), *shift)
        assert status == 0, log
    counts: dict[str, int] = {}
    for message in producers.read("posts"):
        counts[message.key().decode()] = counts.get(message.key().decode(), 0) + 1
    assert counts == dict.fromkeys(given_ids(path), 2)
    assert [(one.number, one.done, one.shift_ms is None) for one in producers.passes()] == [
        (1, True, True),
        (2, True, False),
    ]


@pytest.mark.chaos
def test_a_replay_that_is_killed_goes_on_from_its_checkpoint(producers: Producers, tmp_path: Path) -> None:
    path = generate(tmp_path / "events.jsonl", 20_000)
    given = given_ids(path)
    published = Counter(producers.bootstrap, f"{producers.prefix}posts")
    stored = Counter(producers.bootstrap, f"{producers.prefix}checkpoints")
    resumed: list[int] = []
    for kill in range(3):
        before, enough = stored(), published() + 4_000
        with producers.start("replay", str(path), "--shift", checkpoint_items="1000") as (process, log):
            if kill < 2:
                stored.passes(before)
                published.passes(enough)
                process.kill()
            assert process.wait(120) == (-signal.SIGKILL if kill < 2 else 0)
            resumed.append(event(lines(log), "replay_pass")["line"])
    assert resumed[0] == 0
    assert 3_000 < resumed[1] < resumed[2] < 20_000
    posts = producers.read("posts")
    assert {message.key().decode() for message in posts} == set(given)
    assert len(posts) < 20_000 + 2 * 3_000
    assert_order_kept(posts, given)
    moved = {(r["id"], r["published_at"]) for r in (CODEC.decode(m.value()).record for m in posts)}
    assert len(moved) == 20_000
    [finished] = producers.passes()
    assert (finished.number, finished.line, finished.done) == (1, 20_000, True)


@pytest.mark.chaos
@pytest.mark.parametrize("delivery_timeout_s", [pytest.param("1", marks=pytest.mark.slow), "120"])
def test_a_replay_outlives_its_broker(
    own_broker: OwnBroker, prefix: str, tmp_path: Path, delivery_timeout_s: str
) -> None:
    create_topics(own_broker.bootstrap, prefix, TOPICS)
    producers = Producers(own_broker.bootstrap, prefix, tmp_path)
    path = generate(tmp_path / "events.jsonl", 20_000)
    published = Counter(own_broker.bootstrap, f"{prefix}posts")
    with producers.start("replay", str(path), delivery_timeout_s=delivery_timeout_s) as (process, log):
        published.passes(2_000)
        own_broker.kill()
        if delivery_timeout_s == "1":
            until(lambda: any(line["event"] == "run_failed" for line in lines(log)), "a failed run")
        own_broker.start()
        assert process.wait(120) == 0
    posts = producers.read("posts")
    assert {message.key().decode() for message in posts} == set(given_ids(path))
    if delivery_timeout_s == "120":
        assert len(posts) == 20_000
    outcomes = [run["outcome"] for run in producers.records("runs")]
    assert outcomes == (["ok"] if delivery_timeout_s == "120" else [*["error"] * (len(outcomes) - 1), "ok"])
    assert len(outcomes) > 1 or delivery_timeout_s == "120"


@pytest.mark.chaos
def test_a_collector_ends_in_time_though_its_broker_is_gone(
    own_broker: OwnBroker, prefix: str, tmp_path: Path
) -> None:
    create_topics(own_broker.bootstrap, prefix, TOPICS)
    producers = Producers(own_broker.bootstrap, prefix, tmp_path)
    published = Counter(own_broker.bootstrap, f"{prefix}posts")
    with producers.start("run", "simulate", simulate_rhythm="0", stop_grace_s="2") as (process, log):
        published.passes(20)
        own_broker.kill()
        process.terminate()
        assert process.wait(60) == 0
        assert any(line["event"] == "stopped_unacknowledged" for line in lines(log))


def test_simulate_ends_on_a_signal_and_never_uses_an_id_twice(producers: Producers) -> None:
    published = Counter(producers.bootstrap, f"{producers.prefix}posts")
    for _ in range(2):
        enough = published() + 250
        with producers.start(
            "run", "simulate", simulate_rate="100", simulate_rhythm="0", simulate_run_s="1"
        ) as (process, log):
            published.passes(enough)
            process.terminate()
            assert process.wait(60) == 0
            assert event(lines(log), "burst_planned")["factor"] > 5
    posts = producers.records("posts")
    assert len({post["id"] for post in posts}) == len(posts) == published()
    assert {post["collector"] for post in posts} == {"simulate"}
    runs = producers.records("runs")
    assert len({run["id"] for run in runs}) == len(runs) > 2
    assert sum(run["published"] for run in runs) == len(posts)
    assert {run["outcome"] for run in runs} <= {"ok", "empty"}


def test_simulate_from_a_start_is_the_same_in_every_stack(
    producers: Producers, prefix: str, tmp_path: Path
) -> None:
    create_topics(producers.bootstrap, f"other.{prefix}", TOPICS)
    other = Producers(producers.bootstrap, f"other.{prefix}", tmp_path / "other")
    (tmp_path / "other").mkdir()
    seen = []
    for one in (producers, other):
        status, log = one.run(
            "run",
            "simulate",
            simulate_start="2026-03-02T08:00:00+07:00",
            simulate_speed="max",
            simulate_limit="1500",
        )
        assert status == 0, log
        seen.append([(post["id"], post["text"], post["published_at"]) for post in one.records("posts")])
    assert len(seen[0]) == 1500
    assert sorted(seen[0]) == sorted(seen[1])


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (["replay", "nothing.jsonl"], {}, "nothing.jsonl is not a file"),
        (["run"], {}, f"no collector is configured; name one of: {', '.join(COLLECTORS)}"),
        (["run", "nope"], {}, "no collector is called 'nope'"),
        (["run", "simulate"], {"topic_prefix": "nowhere."}, "topic nowhere.checkpoints is not there"),
        (["run", "simulate"], {"kafka": "127.0.0.1:1", "kafka_patience_s": "1"}, "does not answer"),
    ],
)
def test_what_is_missing_is_named_and_ends_it(
    producers: Producers, words: list[str], settings: dict[str, str], told: str
) -> None:
    status, log = producers.run(*words, **settings)
    assert status == 1
    assert told in event(log, "producers_failed")["error"]


def test_list_and_check_tell_of_every_collector(producers: Producers) -> None:
    for words in (["list"], ["check", "simulate"]):
        done = rooms.run(["producers", *words], producers.environment())
        assert done.returncode == 0, done.stderr
        assert "simulate " in done.stdout
        if words == ["list"]:
            heads = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
            assert heads == list(COLLECTORS)
            assert done.stdout.count(" does not see ") == len(COLLECTORS)
