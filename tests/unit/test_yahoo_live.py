"""Yahoo's stream: prices as polls tell them, each once; every end of a connection is told and come back from."""

import base64
import json
import time
from collections.abc import Iterator
from math import inf
from threading import Event
from typing import Any

import pytest
from numpy import float32
from websockets.sync.server import ServerConnection

from producers.base import Batch, Item, Lasting, Refused
from producers.settings import ProducerSettings
from producers.yahoo import stream
from producers.yahoo.live import LIVE, Live
from producers.yahoo.pricing import plain, quote_of
from producers.yahoo.quote import as_quote
from producers.yahoo.told import state_of, stored
from schemas.errors import Backpressure, Poison, Retryable
from tests.support.yahoo_stream import FakeStream, aborted, deaf, priced

SYMBOLS = ["BBCA.JK", "AAPL"]
AT = 1_795_000_000_000


@pytest.fixture
def server() -> Iterator[FakeStream]:
    made = FakeStream()
    yield made
    made.close()


def live(url: str, **more: object) -> Live:
    given = {"yahoo_live_url": url, "yahoo_live_run_s": 60, **more}
    return Live(ProducerSettings.model_validate(given), SYMBOLS, "yahoo")


class Run:
    """What one run brought, and how it ended: after so many quotes and remarks, or by itself."""

    def __init__(self, source: Live, cursors: dict[str, str], enough: float = inf) -> None:
        self.quotes: list[Any] = []
        self.refused: list[Refused] = []
        self.remarks: list[str] = []
        self.problem: Retryable | None = None
        stop = Event()
        try:
            for batch in source.collect(cursors, "quotes", stop):
                self._take(batch, cursors)
                if len(self.quotes) + len(self.remarks) >= enough:
                    stop.set()
        except Retryable as error:
            self.problem = error

    def _take(self, batch: Batch, cursors: dict[str, str]) -> None:
        self.quotes += [item.record for item in batch.items if isinstance(item, Item)]
        self.refused += [item for item in batch.items if isinstance(item, Refused)]
        self.remarks += [batch.remark] if batch.remark else []
        cursors.update((cursor.source, cursor.value) for cursor in batch.cursors)


def after_runs(source: Live, cursors: dict[str, str], number: int) -> list[Any]:
    """The quotes of runs that end by themselves, once there are so many: on a busy machine one may end before anything comes."""
    quotes: list[Any] = []
    deadline = time.monotonic() + 120
    while len(quotes) < number:
        assert time.monotonic() < deadline, f"{len(quotes)} quotes of {number}"
        run = Run(source, cursors)
        assert run.problem is None
        quotes += run.quotes
    return quotes


def test_a_price_of_the_stream_is_the_quote_that_a_poll_tells() -> None:
    row = {
        "symbol": "BBCA.JK",
        "regularMarketPrice": 9_875.1,
        "regularMarketTime": 1_795_000_000,
        "regularMarketChange": -1.5,
        "regularMarketVolume": 12_345,
        "currency": "IDR",
        "exchange": "JKT",
    }
    polled = as_quote(row, "yahoo", 7)
    assert quote_of(priced("BBCA.JK", 9_875.1, AT + 321), "yahoo", 7) == polled


@pytest.mark.parametrize("price", [0.1, 16_250.5, 9_875.1, 7_123.457, 94_745.08, 1e-6, 123_456_789.0])
def test_four_bytes_are_read_as_the_number_that_was_meant(price: float) -> None:
    assert plain(float(float32(price))) == pytest.approx(price, rel=1e-7)
    assert float32(plain(float(float32(price)))) == float32(price), "nothing is lost"
    if price < 100_000:
        assert plain(float(float32(price))) == price


def test_signs_of_life_and_trading_outside_regular_hours_are_no_quotes() -> None:
    assert quote_of(priced("BBCA.JK", 1, AT, quote_type=7), "yahoo", 7) is None
    assert quote_of(priced("AAPL", 1, AT, market_hours=2), "yahoo", 7) is None


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("{", "no JSON"),
        ("[]", "unknown type: None"),
        ('{"type": "news", "message": "eA=="}', "unknown type: 'news'"),
        ('{"type": "pricing"}', "cannot be read"),
        ('{"type": "pricing", "message": "%%%"}', "cannot be read"),
        (
            json.dumps({"type": "pricing", "message": base64.b64encode(b"\xff" * 9).decode()}),
            "cannot be read",
        ),
        (priced("", 1, AT), "no symbol"),
        (priced("AAPL", 0, AT), "no price"),
        (priced("AAPL", float("nan"), AT), "not a number"),
        (priced("AAPL", 1, 0), "no time"),
        (b"\xff\xfe", "no JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(message: str | bytes, told: str) -> None:
    with pytest.raises(Poison, match=told):
        quote_of(message, "yahoo", 7)


def test_prices_come_once_over_a_connection_that_is_kept_from_run_to_run(server: FakeStream) -> None:
    more = Event()

    def talk(connection: ServerConnection) -> None:
        for price in (9_875, 9_875, 9_900):
            connection.send(priced("BBCA.JK", price, AT + price))
        connection.send(priced("AAPL", 200.5, AT))
        more.wait(60)
        connection.send(priced("BBCA.JK", 9_925, AT + 60_000))
        server.stay(connection)

    server.scripts = [talk]
    told = quote_of(priced("AAPL", 200.5, AT), "yahoo", 7)
    assert told is not None
    cursors = {"quotes": stored({"AAPL": state_of(told)})}
    found = live(server.url, yahoo_live_run_s=1)
    first = after_runs(found, cursors, 2)
    assert [(one["symbol"], one["price"]) for one in first] == [("BBCA.JK", 9_875), ("BBCA.JK", 9_900)]
    more.set()
    again = after_runs(found, cursors, 1)
    assert [one["price"] for one in again] == [9_925]
    assert server.subscribed(1) == [SYMBOLS], "one connection"
    assert LIVE in cursors


@pytest.mark.parametrize("ending", ["clean", "abort"])
def test_an_ended_connection_is_an_error_and_the_next_run_subscribes_anew(
    server: FakeStream, ending: str
) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send(priced("BBCA.JK", 9_875 + len(server.subscribed(1)), AT))
        if ending == "abort":
            aborted(connection)

    server.scripts = [talk]
    found = live(server.url)
    cursors: dict[str, str] = {}
    for number in (1, 2, 3):
        began = time.process_time()
        run = Run(found, cursors)
        assert [one["price"] for one in run.quotes] == [9_875 + number], "what came before the end counts"
        assert "ended" in str(run.problem)
        assert time.process_time() - began < 5, "and nothing spins"
    assert server.subscribed(3) == [SYMBOLS] * 3


def test_a_peer_that_answers_nothing_has_gone() -> None:
    with deaf() as url:
        run = Run(live(url, yahoo_timeout_s=1), {})
    assert "ended" in str(run.problem)


def test_who_hears_nothing_for_long_connects_anew(server: FakeStream) -> None:
    server.scripts = [server.stay]
    run = Run(live(server.url, yahoo_live_idle_s=0.2), {}, enough=1)
    assert run.problem is None
    assert run.remarks
    assert all("nothing for 0.2 s" in one for one in run.remarks)
    connections = len(run.remarks) + 1
    assert len(server.subscribed(connections)) == connections


def test_symbols_that_nobody_subscribed_to_are_ignored_and_counted(server: FakeStream) -> None:
    def talk(connection: ServerConnection) -> None:
        for number in range(5):
            connection.send(priced(f"FOREIGN{number}", 1, AT))
        connection.send(priced("AAPL", 1, AT))
        server.stay(connection)

    server.scripts = [talk]
    cursors: dict[str, str] = {}
    run = Run(live(server.url), cursors, enough=1)
    assert [one["symbol"] for one in run.quotes] == ["AAPL"]
    assert not run.refused
    assert run.remarks == ["5 messages were quotes of symbols that nobody subscribed to"]
    assert "FOREIGN" not in cursors[LIVE]


def test_the_subscription_is_renewed(server: FakeStream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "_SUBSCRIBE_S", 0.0)

    def talk(connection: ServerConnection) -> None:
        server.hear(connection.recv(60))
        connection.send(priced("AAPL", 1, AT))
        server.stay(connection)

    server.scripts = [talk]
    Run(live(server.url), {}, enough=1)
    assert all(one == SYMBOLS for one in server.subscribed(2))


def test_unreadable_messages_are_dead_letters_and_many_of_them_end_the_run(server: FakeStream) -> None:
    def talk(connection: ServerConnection) -> None:
        connection.send('{"type": "news"}')
        connection.send(priced("AAPL", 1, AT))
        for _ in range(25):
            connection.send("<html>")
        server.stay(connection)

    server.scripts = [talk]
    run = Run(live(server.url), {})
    assert [one["symbol"] for one in run.quotes] == ["AAPL"]
    assert run.refused[0].raw == b'{"type": "news"}'
    assert len(run.refused) >= 21
    assert "in a row" in str(run.problem)


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, Lasting),
        (403, {}, Lasting),
        (404, {}, Lasting),
        (429, {"Retry-After": "77"}, Backpressure),
        (500, {}, Retryable),
    ],
)
def test_a_refusal_is_a_decision(
    server: FakeStream, status: int, headers: dict[str, str], kind: type[Retryable]
) -> None:
    server.scripts = [server.stay]
    server.refusals = [(status, headers)]
    run = Run(live(server.url), {})
    assert type(run.problem) is kind or isinstance(run.problem, kind)
    assert str(status) in str(run.problem)
    if isinstance(run.problem, Backpressure):
        assert run.problem.retry_after == 77


def test_whether_it_lets_us_in_is_asked(server: FakeStream) -> None:
    server.scripts = [server.stay]
    live(server.url).reach(60)
    assert server.subscribed(1) == [SYMBOLS]
    server.refusals = [(403, {})]
    with pytest.raises(Lasting, match="403"):
        live(server.url).reach(60)


def test_nobody_there_and_no_address_are_told_apart() -> None:
    assert "no stream" in str(Run(live("ws://127.0.0.1:1/"), {}).problem)
    wrong = Run(live("http://127.0.0.1/"), {}).problem
    assert isinstance(wrong, Lasting)
    assert "DENYUT_YAHOO_LIVE_URL" in str(wrong)
