"""`market` on real Kafka: two workers, four partitions, kills, prices replayed twice, instruments followed live."""

import os
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.events import Candle
from tests.support import rooms
from tests.support.bars import DAY, OPENING, candle, quote
from tests.support.broker import Broker
from tests.support.quoting import keyed, latest, midnight, prices_of, some_quotes, truth
from tests.support.recorded import recorded_prices
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until


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
