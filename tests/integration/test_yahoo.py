"""The yahoo collector and back-fill as processes, against a server that speaks Yahoo's protocol, and real Kafka."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.support import rooms
from tests.support.broker import Broker
from tests.support.producers import TOPICS, Counter, Producers, event, lines
from tests.support.stages import Feed
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstream import Asked, Reply, Upstream, upstream
from tests.support.yahoo import JSON, FakeYahoo, unknown

pytestmark = pytest.mark.kafka

ZONES = {"BBCA.JK": "Asia/Jakarta", "TLKM.JK": "Asia/Jakarta", "AAPL": "America/New_York"}
QUOTE = "/v7/finance/quote"


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture
def fake(server: Upstream) -> FakeYahoo:
    return FakeYahoo(server, ZONES, (datetime.now(UTC) - timedelta(days=9_000)).date())


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    return Producers(kafka.bootstrap, prefix, tmp_path)


@pytest.fixture
def settings(server: Upstream, tmp_path: Path) -> dict[str, str]:
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text('symbols = ["BBCA.JK", "TLKM.JK", "AAPL", "NONE"]')
    return {
        "yahoo_url": server.url,
        "yahoo_watchlist": str(watchlist),
        "yahoo_gap_s": "0",
        "yahoo_interval_s": "1",
        "yahoo_history_days": "30",
        "data_dir": str(tmp_path / "data"),
        "checkpoint_s": "0",
    }


def expected(fake: FakeYahoo, symbol: str, first: date) -> list[date]:
    """The complete days of a symbol."""
    today = datetime.now(fake.zones[symbol]).date()
    return [day for day in fake.days(symbol) if first <= day < today]


def candles(producers: Producers, fake: FakeYahoo) -> dict[str, list[date]]:
    found: dict[str, list[date]] = {}
    for candle in producers.records("candles"):
        zone = fake.zones[candle["symbol"]]
        found.setdefault(candle["symbol"], []).append(
            datetime.fromtimestamp(candle["start"] / 1000, zone).date()
        )
    return found


def test_quotes_and_the_days_before_them(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    fake.say("BBCA.JK", 9_875, 1_795_000_000)
    fake.say("TLKM.JK", 3_000, 1_795_000_000)
    fake.quotes["AAPL"] = {"symbol": "AAPL", "regularMarketPrice": None}

    def polls() -> int:
        return len(fake.server.at(QUOTE))

    told = Counter(producers.bootstrap, f"{producers.prefix}candles")
    with producers.start("run", "yahoo", **settings) as (process, log):
        until(lambda: polls() >= 3, "polled three times")
        fake.say("BBCA.JK", 9_900, 1_795_000_060)
        until(lambda: polls() >= 6, "polled on")
        until(lambda: told() >= 55, "days of three symbols")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    quotes = [(one["symbol"], one["price"], one["market_time"]) for one in producers.records("quotes")]
    assert sorted(quotes) == [
        ("BBCA.JK", 9_875.0, 1_795_000_000_000),
        ("BBCA.JK", 9_900.0, 1_795_000_060_000),
        ("TLKM.JK", 3_000.0, 1_795_000_000_000),
    ], "a price is told once"
    [letter] = producers.records("dead-letters")
    assert (letter["origin"], letter["stage"], letter["reason"]) == ("yahoo:AAPL", "yahoo", "malformed")
    first = (datetime.now(UTC) - timedelta(days=30)).date()
    found = candles(producers, fake)
    assert {symbol: sorted(days) for symbol, days in found.items()} == {
        symbol: expected(fake, symbol, first) for symbol in ZONES
    }
    runs = producers.records("runs")
    errors = {run["source"]: run["error"] for run in runs if "stopped" not in str(run["error"])}
    assert errors == {"quotes": "no answer for NONE", "history": "unknown to Yahoo: NONE"}
    assert {run["outcome"] for run in runs} == {"ok", "empty"}

    with producers.start("run", "yahoo", **settings) as (process, _):
        before = polls()
        until(lambda: polls() >= before + 2, "polled after a restart")
        process.terminate()
        assert process.wait(60) == 0
    assert len(producers.read("quotes")) == 3, "a restart tells nothing twice"
    assert candles(producers, fake) == found


def test_throttled_it_waits_and_is_heard_of(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    fake.say("BBCA.JK", 9_875, 1_795_000_000)

    def throttled(asked: Asked) -> Reply:
        if len(fake.server.at(QUOTE)) <= 2:
            return Reply(429, b"Too Many Requests", {"Retry-After": "2"})
        return fake.quote(asked)

    fake.server.answers[QUOTE] = throttled
    quotes = Counter(producers.bootstrap, f"{producers.prefix}quotes")
    settings["yahoo_history_days"] = "0"
    with producers.start("run", "yahoo", **settings) as (process, log):
        try:
            until(lambda: quotes() == 1, "a quote at last")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {quotes()} quotes; {log.read_text()}") from error
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    first, second, third = (one.at for one in fake.server.at(QUOTE)[:3])
    assert second - first >= 2
    assert third - second >= 4, "twice as long the second time"
    runs = sorted(producers.records("runs"), key=lambda run: int(run["started_at"]))
    assert [run["outcome"] for run in runs][:3] == ["throttled", "throttled", "ok"]


@pytest.mark.chaos
def test_a_back_fill_that_is_killed_goes_on(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    first = fake.first + timedelta(days=7)
    words = ["backfill", "yahoo", "--symbols", ",".join(ZONES), "--from", str(first)]
    charts = [f"/v8/finance/chart/{symbol}" for symbol in ZONES]

    def asked() -> int:
        return sum(len(fake.server.at(path)) for path in charts)

    for _ in range(3):
        before = asked()
        with producers.start(*words, **settings) as (process, _):
            until(lambda before=before: asked() >= before + 2, "under way")  # type: ignore[misc]  # bound now
            process.kill()
            process.wait()
    # In the middle of it, too, Yahoo breaks once.
    good = fake.server.answers[charts[2]]
    replies = iter([Reply(500), Reply(body=b"{", headers=JSON)])
    assert callable(good)
    fake.server.answers[charts[2]] = lambda one: next(replies, None) or good(one)
    status, log = producers.run(*words, **settings)
    assert status == 0, log
    found = candles(producers, fake)
    for symbol in ZONES:
        assert sorted(set(found[symbol])) == expected(fake, symbol, first)
    repeats = sum(len(days) - len(set(days)) for days in found.values())
    spans = 3_650 * 5 // 7
    print(f"{sum(map(len, found.values()))} candles, {repeats} repeats")
    assert repeats <= 3 * spans, "at most the span that was under way at each kill"
    assert {run["outcome"] for run in producers.records("runs")} <= {"ok", "error", "empty"}

    status, log = producers.run(*words, **settings)
    assert status == 0, log
    assert candles(producers, fake) == found, "done is done"


def test_a_back_fill_shows_how_far_it_is_where_somebody_looks(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    terminal, seen_by_it = pty.openpty()
    words = ["backfill", "yahoo", "--symbols", "BBCA.JK", "--from", "2026-01-01"]
    environment = {**producers.environment(**settings), "TERM": "xterm", "COLUMNS": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "producers", *words], stderr=seen_by_it, env=environment
    )
    os.close(seen_by_it)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:
        pass
    os.close(terminal)
    assert process.wait(60) == 0, shown
    assert b"BBCA.JK" in shown
    assert b"100%" in shown


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--symbols", "NONE,BBCA.JK", "--from", "2026-06-01"], 1, "Yahoo has no prices of NONE"),
        (["--symbols", "BBCA.JK", "--from", "2999-01-01"], 1, "2999-01-01 is not in the past"),
        (["--symbols", "a b;c", "--from", "2026-06-01"], 1, "not a list of symbols"),
    ],
)
def test_what_cannot_be_filled_in_is_named(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str], words: list[str], status: int, told: str
) -> None:
    fake.server.answers["/v8/finance/chart/NONE"] = unknown("NONE")
    got, log = producers.run("backfill", "yahoo", *words, **settings)
    assert got == status
    assert told in event(log, "producers_failed")["error"]
    if "BBCA.JK" in words[1] and "NONE" in words[1]:
        assert candles(producers, fake)["BBCA.JK"] == expected(fake, "BBCA.JK", date(2026, 6, 1))


def test_a_cursor_that_cannot_be_read_is_begun_anew(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    fake.say("BBCA.JK", 9_875, 1_795_000_000)
    broken = {"collector": "yahoo", "source": "quotes", "cursor": "[1", "updated_at": 1}
    Feed(producers.bootstrap, producers.prefix).send("checkpoints", [("yahoo:quotes", broken)])
    settings["yahoo_history_days"] = "0"
    quotes = Counter(producers.bootstrap, f"{producers.prefix}quotes")
    with producers.start("run", "yahoo", **settings) as (process, log):
        until(lambda: quotes() == 1, "a quote")
        process.terminate()
        assert process.wait(60) == 0, lines(log)


def test_check_says_whether_yahoo_answers(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    def check() -> tuple[int, str]:
        done = rooms.run(["producers", "check", "yahoo"], producers.environment(**settings, check_s="60"))
        return done.returncode, done.stdout

    status, told = check()
    assert status == 0
    assert "quotes of 4 symbols" in told
    assert "Yahoo answers for BBCA.JK" in told
    fake.server.answers["/v8/finance/chart/BBCA.JK"] = Reply(503, json.dumps({}).encode())
    status, told = check()
    assert status == 1
    assert "not reached: HTTP 503" in told


def test_a_stop_does_not_wait_for_yahoo(
    producers: Producers, fake: FakeYahoo, settings: dict[str, str]
) -> None:
    fake.server.answers[QUOTE] = Reply(wait_s=300)
    settings |= {"yahoo_history_days": "0", "yahoo_timeout_s": "200"}
    with producers.start("run", "yahoo", **settings) as (process, log):
        until(lambda: bool(fake.server.at(QUOTE)), "a question without an answer")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    [run] = producers.records("runs")
    assert (run["outcome"], run["error"]) == ("empty", "stopped before it ended")
