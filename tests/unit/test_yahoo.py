"""yfinance against a server that speaks Yahoo's protocol: what comes back, and what every refusal becomes."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import yfinance
from yfinance.data import YfData

from producers.base import Lasting
from producers.collectors.yahoo import HISTORY, YahooPrices
from producers.settings import ProducerSettings
from producers.yahoo.candles import History, Place
from producers.yahoo.client import Yahoo
from producers.yahoo.quote import as_quote
from producers.yahoo.watchlist import as_symbols, load_watchlist
from schemas.codec import Codec
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from schemas.registry import PinnedIds
from tests.support.upstream import Answer, Reply, Upstream, upstream
from tests.support.yahoo import CRUMB, JSON, FakeYahoo, close, unknown

NO_STOP = Event()
FIRST = date(2026, 1, 1)
CHART = "/v8/finance/chart/BBCA.JK"
QUOTE = "/v7/finance/quote"


@pytest.fixture
def server() -> Iterator[Upstream]:
    with upstream() as server:
        yield server


@pytest.fixture
def fake(server: Upstream) -> FakeYahoo:
    return FakeYahoo(server, {"BBCA.JK": "Asia/Jakarta", "AAPL": "America/New_York"}, FIRST)


def yahoo_of(server: Upstream, tmp_path: Path, **more: Any) -> Yahoo:
    return Yahoo(ProducerSettings(yahoo_url=server.url, yahoo_gap_s=0, data_dir=tmp_path, **more))


@pytest.fixture
def yahoo(server: Upstream, tmp_path: Path) -> Yahoo:
    # One for the whole process keeps the cookie and the crumb; every test begins without.
    YfData._instances.clear()
    YfData.cache_get.cache_clear()
    return yahoo_of(server, tmp_path)


def test_what_is_undocumented_was_read_in_this_version() -> None:
    assert yfinance.__version__ == "1.7.0", "read producers/yahoo/client.py and session.py again"


def test_quotes_come_with_cookie_and_crumb_in_one_request(fake: FakeYahoo, yahoo: Yahoo) -> None:
    fake.say("BBCA.JK", 9_875, 1_795_000_000)
    fake.say("AAPL", 200.5, 1_795_000_001, currency="USD", exchange="NMS")
    rows = yahoo.quotes(["BBCA.JK", "AAPL", "NONE"], NO_STOP)
    assert [row["symbol"] for row in rows] == ["BBCA.JK", "AAPL"]
    assert "A3" in fake.server.at("/v1/test/getcrumb")[0].headers["cookie"]
    yahoo.quotes(["AAPL"], NO_STOP)
    assert len(fake.server.at("/v1/test/getcrumb")) == 1, "the crumb is kept"
    quote = as_quote(rows[0], "yahoo", 1_795_000_002_000)
    assert quote == {
        "symbol": "BBCA.JK",
        "price": 9_875.0,
        "change": -1.5,
        "day_volume": 12_345,
        "currency": "IDR",
        "exchange": "JKT",
        "market_time": 1_795_000_000_000,
        "collected_at": 1_795_000_002_000,
        "collector": "yahoo",
    }
    codec = Codec(PinnedIds())
    assert codec.decode(codec.encode("quote", quote)).record == quote


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, "no symbol"),
        ({"symbol": "A"}, "no price"),
        ({"symbol": "A", "regularMarketPrice": "12"}, "not a number"),
        ({"symbol": "A", "regularMarketPrice": 12}, "no time"),
        (
            {"symbol": "A", "regularMarketPrice": 12, "regularMarketTime": 1, "regularMarketVolume": -1},
            "volume",
        ),
    ],
)
def test_a_quote_that_says_too_little_is_refused(row: dict[str, object], told: str) -> None:
    with pytest.raises(Poison, match=told):
        as_quote(row, "yahoo", 0)


def test_history_is_every_day_at_midnight_of_its_exchange(fake: FakeYahoo, yahoo: Yahoo) -> None:
    for symbol in ("BBCA.JK", "AAPL"):
        prices = yahoo.history(symbol, FIRST, round(datetime.now(UTC).timestamp()), "1d", NO_STOP)
        days = fake.days(symbol)
        assert [row.day for row in prices.rows][:-1] == days[: len(prices.rows) - 1]
        assert len(days) - len(prices.rows) in (0, 1), "today may not have begun"
        row = prices.rows[3]
        midnight = datetime(row.day.year, row.day.month, row.day.day, tzinfo=fake.zones[symbol])
        assert row.start == round(midnight.timestamp() * 1000)
        assert (row.open, row.high, row.low, row.close) == (
            close(row.day) - 1,
            close(row.day) + 2,
            close(row.day) - 2,
            close(row.day),
        )


@pytest.mark.parametrize(
    ("reply", "kind", "told"),
    [
        (Reply(429, b"Too Many Requests", {"Retry-After": "77"}), Backpressure, "429"),
        (Reply(500, b"oops"), Retryable, "500"),
        (Reply(403, b"{}"), Lasting, "403"),
        (Reply(401, b"{}"), Lasting, "401"),
        (Reply(404, b"{}"), Lasting, "404"),
        (Reply(200, b"<html>", JSON), Retryable, "JSON"),
        (Reply(200, b'{"quoteResponse": {}}', JSON), Retryable, "cannot be read"),
        (Reply(200, b'{"quoteResponse": {"error": "busy"}}', JSON), Retryable, "busy"),
        (Reply(200, b"{" * 50, JSON, cut=10), Retryable, "IncompleteRead"),
        (Reply(200, b"{}", JSON, wait_s=30), Retryable, "[Tt]imeout"),
    ],
)
def test_every_refusal_of_quotes_is_a_decision(
    fake: FakeYahoo, yahoo: Yahoo, tmp_path: Path, reply: Reply, kind: type[Retryable], told: str
) -> None:
    fake.server.answers[QUOTE] = reply
    if reply.wait_s:
        yahoo = yahoo_of(fake.server, tmp_path, yahoo_timeout_s=1)
    with pytest.raises(kind, match=told) as caught:
        yahoo.quotes(["AAPL"], NO_STOP)
    if kind is Lasting:
        assert getattr(caught.value, "denied", None) == (reply.status != 404)
    elif kind is Backpressure:
        assert getattr(caught.value, "retry_after", None) == 77
        with pytest.raises(Backpressure, match="asked for patience"):
            yahoo.history("AAPL", FIRST, 1_795_000_000, "1d", NO_STOP)
        assert len(fake.server.at(QUOTE)) == 1, "never asked again at once"
        assert not fake.server.at("/v8/finance/chart/AAPL"), "nor is anything else"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(429), Backpressure),
        (Reply(500), Retryable),
        (Reply(200, b"nothing", JSON), Retryable),
        (Reply(200, b'{"chart": {"result": [{"meta": {}}]}}', JSON), Retryable),
        (Reply(200, b"{" * 50, JSON, cut=10), Retryable),
        (Reply(200, b"{}", JSON, wait_s=30), Retryable),
        (unknown("BBCA.JK"), Lasting),
    ],
)
def test_every_refusal_of_history_is_a_decision_and_is_not_kept(
    fake: FakeYahoo, yahoo: Yahoo, tmp_path: Path, reply: Reply, kind: type[Retryable]
) -> None:
    asked = yahoo_of(fake.server, tmp_path, yahoo_timeout_s=1) if reply.wait_s else yahoo
    good: Answer | Reply = fake.server.answers[CHART]
    fake.server.answers[CHART] = reply
    with pytest.raises(kind):
        asked.history("BBCA.JK", FIRST, 1_790_000_000, "1d", NO_STOP)
    if kind is Backpressure:
        assert len(fake.server.at(CHART)) == 1
        return
    fake.server.answers[CHART] = good
    assert yahoo.history("BBCA.JK", FIRST, 1_790_000_000, "1d", NO_STOP).rows, "yfinance keeps bad answers"


def test_a_crumb_that_expired_is_fetched_again(fake: FakeYahoo, yahoo: Yahoo) -> None:
    fake.say("AAPL", 1, 1)
    fake.server.answers["/v1/test/getcrumb"] = Reply(body=b"stale")
    with pytest.raises(Lasting):
        yahoo.quotes(["AAPL"], NO_STOP)
    fake.server.answers["/v1/test/getcrumb"] = Reply(body=CRUMB.encode())
    assert yahoo.quotes(["AAPL"], NO_STOP)


def test_nothing_found_says_why(fake: FakeYahoo, yahoo: Yahoo) -> None:
    good = fake.server.answers[CHART]
    assert callable(good)
    reason = {"code": "Bad Request", "description": "Data doesn't exist for startDate"}
    none = json.dumps({"chart": {"result": None, "error": reason}}).encode()
    fake.server.answers[CHART] = lambda asked: (
        Reply(400, none, JSON) if "period1" in asked.query else good(asked)
    )
    found = yahoo.history("BBCA.JK", date(1990, 1, 1), 700_000_000, "1d", NO_STOP)
    assert found.rows == ()
    assert "Data doesn't exist" in str(found.reason)


def test_only_complete_candles_are_taken_each_once(fake: FakeYahoo, yahoo: Yahoo) -> None:
    history = History("BBCA.JK", "1d", FIRST, "x", "yahoo")
    cursors: dict[str, str] = {}
    starts = []
    for _ in range(3):
        share = 0.0
        for batch, share in history.batches(yahoo, cursors, NO_STOP):  # noqa: B007 -- the last one is looked at
            cursors.update((cursor.source, cursor.value) for cursor in batch.cursors)
            starts += [item.record["start"] for item in batch.items if hasattr(item, "record")]
        assert share == 1.0
    today = datetime.now(fake.zones["BBCA.JK"]).date()
    expected = [day for day in fake.days("BBCA.JK") if day < today]
    assert len(starts) == len(set(starts)) == len(expected)
    place = Place.stored(cursors["x"])
    assert place is not None
    assert not history.due(place, place.last + 86_400_000)
    assert history.due(place, place.last + 2 * 86_400_000)


def test_hours_are_candles_too(fake: FakeYahoo, yahoo: Yahoo) -> None:
    for symbol, zone in fake.zones.items():
        found = [
            item.record
            for batch, _ in History(symbol, "1h", FIRST, "x", "yahoo").batches(yahoo, {}, NO_STOP)
            for item in batch.items
            if hasattr(item, "record")
        ]
        times = [datetime.fromtimestamp(record["start"] / 1000, zone) for record in found]
        past = [day for day in fake.days(symbol) if day < datetime.now(zone).date()]
        assert [at.date() for at in times][: 7 * len(past)] == [day for day in past for _ in range(7)]
        assert {at.hour for at in times} == set(range(9, 16))
        assert {record["interval"] for record in found} == {"1h"}


def test_a_long_history_is_read_span_by_span_without_a_gap(server: Upstream, yahoo: Yahoo) -> None:
    first = (datetime.now(UTC) - timedelta(days=8_000)).date()
    fake = FakeYahoo(server, {"BBCA.JK": "Asia/Jakarta", "AAPL": "America/New_York"}, first)
    for symbol in ("BBCA.JK", "AAPL"):
        cursors: dict[str, str] = {}
        starts: list[int] = []
        shares: list[float] = []
        # Cut after every span, as by a process that is killed.
        while not shares or shares[-1] < 1:
            history = History(symbol, "1d", first, "x", "yahoo")
            batch, share = next(iter(history.batches(yahoo, cursors, NO_STOP)))
            cursors.update((cursor.source, cursor.value) for cursor in batch.cursors)
            starts += [item.record["start"] for item in batch.items if hasattr(item, "record")]
            shares.append(share)
        today = datetime.now(fake.zones[symbol]).date()
        expected = [day for day in fake.days(symbol) if day < today]
        assert [datetime.fromtimestamp(at / 1000, fake.zones[symbol]).date() for at in starts] == expected
        assert len(shares) == 3


def test_the_shipped_watchlist_is_sound(tmp_path: Path) -> None:
    symbols = load_watchlist(None)
    assert {"^JKSE", "BBCA.JK", "USDIDR=X", "^GSPC", "AAPL"} <= set(symbols)
    assert as_symbols(["$bbca.jk", "BBCA.JK", " aapl"]) == ("BBCA.JK", "AAPL")
    for text, told in (
        ("symbols = 1", "list"),
        ("symbols = []", "list"),
        ("x", "TOML"),
        ("symbols=['a b']", "A B"),
    ):
        path = tmp_path / "list.toml"
        path.write_text(text)
        with pytest.raises(Fatal, match=told):
            load_watchlist(path)


@pytest.mark.usefixtures("yahoo")
def test_a_symbol_that_nobody_can_read_keeps_no_other_from_being_read(
    fake: FakeYahoo, tmp_path: Path
) -> None:
    fake.server.answers["/v8/finance/chart/AAPL"] = Reply(200, b'{"chart": {"result": [{"meta": {}}]}}', JSON)
    watchlist = tmp_path / "watchlist.toml"
    watchlist.write_text('symbols = ["AAPL", "BBCA.JK"]\n')
    settings = ProducerSettings(
        yahoo_url=fake.server.url,
        yahoo_gap_s=0,
        yahoo_watchlist=watchlist,
        data_dir=tmp_path,
    )
    collector = YahooPrices(settings)
    cursors: dict[str, str] = {}
    batches = collector.collect(HISTORY, cursors, NO_STOP)
    with pytest.raises(Retryable, match="cannot be read"):
        cursors.update((cursor.source, cursor.value) for batch in batches for cursor in batch.cursors)
    assert [name for name in cursors if "BBCA.JK" in name]
