"""`market` on real Kafka: two workers, four partitions, kills, prices replayed twice, instruments followed live."""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.events import Candle, Quote
from tests.support import rooms
from tests.support.bars import DAY, MINUTE, OPENING, candle, quote
from tests.support.broker import Broker
from tests.support.recorded import recorded_prices
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until

ZONES = {
    "AMZN": "America/New_York",
    "BHP": "America/New_York",
    "^GSPC": "America/New_York",
    "BBCA.JK": "Asia/Jakarta",
    "TLKM.JK": "Asia/Jakarta",
    "7203.T": "Asia/Tokyo",
    "EURUSD=X": "UTC",
}
Prices = tuple[float, float, float, float, int, int]


def keyed(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(event["symbol"], event) for event in events]


def latest(bars: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for bar in bars:
        known = found.get(bar["id"])
        assert bar["revision"] == (1 if known is None else known["revision"] + 1), (
            "each revision once, in order"
        )
        found[bar["id"]] = bar
    return found


def prices_of(bar: Mapping[str, Any]) -> Prices:
    return bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"], bar["ticks"]


def midnight(symbol: str, at: int) -> int:
    zone = ZoneInfo(ZONES[symbol])
    local = datetime.fromtimestamp(at / 1000, zone)
    return round(datetime(local.year, local.month, local.day, tzinfo=zone).timestamp() * 1000)


def truth(quotes: Iterable[Quote]) -> dict[str, Prices]:
    """What the quotes say, counted in the simplest way: prices of every minute and day, by the id of its bar."""
    distinct = {(q["symbol"], q["market_time"], q["price"], q["day_volume"] or 0) for q in quotes}
    grouped: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for symbol, at, price, volume in sorted(distinct):
        grouped[f"{symbol}:1d:{midnight(symbol, at)}"].append((at, price, volume))
        grouped[f"{symbol}:1m:{at - at % MINUTE}"].append((at, price, volume))
    traded: dict[tuple[str, int], int] = defaultdict(int)
    bars: dict[str, Prices] = {}
    for bar_id in sorted(grouped, key=lambda bar_id: int(bar_id.rsplit(":", 1)[1])):
        symbol, interval, _ = bar_id.rsplit(":", 2)
        ticks = grouped[bar_id]
        prices = [price for _, price, _ in ticks]
        volume = max(volume for _, _, volume in ticks)
        if interval == "1m":
            day = midnight(symbol, ticks[0][0])
            before, traded[symbol, day] = traded[symbol, day], max(traded[symbol, day], volume)
            volume = traded[symbol, day] - before
        bars[bar_id] = (prices[0], max(prices), min(prices), prices[-1], volume, len(ticks))
    return bars


def some_quotes(count: int, dice: random.Random) -> list[Quote]:
    """In order of time within a few minutes, one in eight read again later."""
    made: list[Quote] = []
    volumes: dict[tuple[str, int], int] = defaultdict(int)
    for number in range(count):
        symbol = dice.choice(list(ZONES))
        at = OPENING + number * 7_000
        day = midnight(symbol, at)
        volumes[symbol, day] += dice.randrange(0, 90)
        made.append(quote(at, dice.randrange(1_000, 1_200) / 8, volumes[symbol, day], symbol))
    delayed = [(number + dice.uniform(0, 40), one) for number, one in enumerate(made)]
    again = [(number + dice.uniform(0, 400), one) for number, one in enumerate(made) if dice.random() < 0.125]
    return [one for _, one in sorted(delayed + again, key=lambda pair: pair[0])]


def test_bars_equal_the_quotes_whatever_is_killed(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    quotes = some_quotes(12_000, random.Random(8))
    third = len(quotes) // 3
    with Workers(
        kafka.bootstrap, prefix, "market", tmp_path, market_batch=100, market_publish_s=0.2, market_idle_s=1
    ) as workers:
        workers.start(2)
        feed.send("quotes", keyed(quotes[:third]))
        until(lambda: workers.committed() > 500, "the first batches", 150)
        workers.kill_one()
        workers.start()
        until(lambda: workers.committed() > third * 0.7, "more batches", 150)
        feed.send("quotes", keyed(quotes[third : 2 * third]))
        workers.kill_one()
        workers.start()
        feed.raw("quotes", b"AMZN", b"\x00not avro")
        feed.send(
            "quotes", [("BHP", quote(OPENING, 1.0, symbol="AMZN")), ("AMZN", quote(OPENING, float("nan")))]
        )
        feed.send("candles", [("AMZN", None), *keyed([candle(OPENING, 1.0, interval="1h")])])
        until(lambda: workers.committed() > third * 1.5, "batches of the second third", 150)
        workers.kill_one()
        workers.kill_one()
        workers.start(2)
        feed.send("quotes", keyed(quotes[2 * third :]))
        workers.settled()
        # Nothing newer comes: what is over by the clock closes without any input.
        until(
            lambda: all(bar["closed"] for bar in latest(records(kafka.bootstrap, prefix, "bars")).values()),
            "every bar closed",
        )
        workers.settled()
        before = len(records(kafka.bootstrap, prefix, "bars"))
        feed.send("quotes", keyed(quotes[::3]))
        workers.settled()
        assert len(records(kafka.bootstrap, prefix, "bars")) == before, "what was read before changes nothing"
        assert workers.stop() == [0, 0]
    bars = latest(records(kafka.bootstrap, prefix, "bars"))
    assert {bar_id: prices_of(bar) for bar_id, bar in bars.items()} == truth(quotes)
    assert sum(bar["late"] for bar in bars.values()) == 0
    letters = records(kafka.bootstrap, prefix, "dead-letters")
    assert sorted(letter["reason"] for letter in letters) == [
        "invalid",
        "invalid",
        "undecodable",
        "undecodable",
    ]
    assert {letter["stage"] for letter in letters} == {"market"}


def replay(kafka: Broker, prefix: str, path: Path) -> None:
    environment = {**os.environ, "DENYUT_KAFKA": kafka.bootstrap, "DENYUT_TOPIC_PREFIX": prefix}
    rooms.run(["producers", "replay", str(path), "--speed", "max"], environment, 120).check_returncode()


def told(kafka: Broker, prefix: str) -> list[dict[str, Any]]:
    """Every revision of every bar, in an order that does not depend on which partition was read first."""
    return sorted(records(kafka.bootstrap, prefix, "bars"), key=lambda bar: (bar["id"], bar["revision"]))


@pytest.mark.slow
def test_a_price_file_replayed_twice_gives_its_bars_once(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix)
    path = recorded_prices(tmp_path)
    rows = len(path.read_text(encoding="utf-8").splitlines()) - 1
    with Workers(
        kafka.bootstrap, prefix, "market", tmp_path, market_batch=200, market_publish_s=0.2
    ) as workers:
        workers.start(2)
        replay(kafka, prefix, path)
        until(lambda: workers.committed() > rows / 10, "the first batches", 150)
        workers.kill_one()
        workers.kill_one()
        workers.start(2)
        workers.settled()
        once = told(kafka, prefix)
        replay(kafka, prefix, path)
        workers.settled()
        assert told(kafka, prefix) == once
    assert len(records(kafka.bootstrap, prefix, "candles")) == 2 * rows
    bars = latest(once)
    assert len(bars) == rows
    assert all(bar["closed"] for bar in bars.values())
    crash = midnight("AMZN", OPENING)
    for symbol, change in (("AMZN", -0.0629), ("BHP", -0.0721)):
        bar = bars[f"{symbol}:1d:{crash}"]
        assert bar["indicators"]["change"] == pytest.approx(change, abs=0.00005)
        assert bar["signals"] == ["price_drop"]


def test_days_are_cut_where_instruments_say_at_once_and_later(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)

    def instrument(zone: str) -> None:
        said = {"symbol": "ODD", "name": "Odd", "aliases": [], "exchange": "", "zone": zone, "currency": ""}
        feed.send("instruments", [("ODD", {**said, "active": True, "updated_at": 0})])

    def days() -> dict[int, int]:
        found = latest(records(kafka.bootstrap, prefix, "bars")).values()
        return {bar["start"]: bar["end"] for bar in found if bar["interval"] == "1d"}

    instrument("Asia/Tokyo")
    said: list[Candle] = [candle(OPENING, 10.0, "ODD")]
    with Workers(kafka.bootstrap, prefix, "market", tmp_path, market_publish_s=0.2) as workers:
        workers.start()
        feed.send("candles", keyed(said))
        workers.settled()
        tokyo = round(datetime(2015, 8, 24, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp() * 1000)
        assert days() == {tokyo: tokyo + DAY}
        instrument("America/Lima")
        lima = round(datetime(2015, 9, 1, 0, tzinfo=ZoneInfo("America/Lima")).timestamp() * 1000)

        def heard() -> bool:
            # Midnight UTC names the date whatever the zone: only its bounds tell which one is known.
            price = 10.0 + len(said)
            day = candle(round(datetime(2015, 9, 1, tzinfo=ZoneInfo("UTC")).timestamp() * 1000), price, "ODD")
            said.append({**day, "collected_at": day["collected_at"] + len(said)})
            feed.send("candles", keyed(said[-1:]))
            workers.settled()
            return days().get(lima) == lima + DAY

        until(heard, "the other zone")
