"""Indicators and signals of bars, and the crash of 2015-08-24 in recorded and in generated prices."""

import csv
import random
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from processors.logic.market.indicators import Closed, against, signals, windowed
from producers.recorded.candle import CandleReader
from schemas.events import Candle
from tests.support.bars import DAY, MONDAY, OPENING, Partition, candle, quote
from tests.support.recorded import PRICES, generate_prices

COLLECTED = 1_732_150_860_000


def some_of(path: Path, folder: Path) -> Path:
    """The prices of a few symbols, those that crashed among them; all of them are judged end to end, in tests/e2e/test_exactness.py."""
    header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    symbols = dict.fromkeys(line.split(",")[1] for line in lines)
    chosen = {*list(symbols)[:6], "AMZN", "BHP"}
    some = folder / "some.csv"
    some.write_text("".join([header, *(line for line in lines if line.split(",")[1] in chosen)]))
    return some


def candles_of(path: Path) -> list[Candle]:
    """As `replay` makes them."""
    header, *lines = path.read_bytes().splitlines()
    reader = CandleReader(header, "replay")
    return [reader.read(line, 0, COLLECTED) for line in lines]


def test_indicators_wait_for_enough_closed_bars() -> None:
    before = [Closed(float(close), 100) for close in range(1, 20)]
    this = Closed(20.0, 300)
    assert windowed(before[-13:], 300, this) == {}
    assert windowed(before[-14:], 300, this) == {"rsi_14": 100.0}
    assert windowed(before, 300, this) == {"sma_20": 10.5, "rsi_14": 100.0}
    assert windowed([Closed(0.5, 100), *before], 300, this) == {
        "sma_20": 10.5,
        "rsi_14": 100.0,
        "volume_ratio_20": 3.0,
    }
    # An open bar: what held when the last one closed, and its volume so far.
    assert windowed([*before, this], 55, None) == {
        "sma_20": 10.5,
        "rsi_14": 100.0,
        "volume_ratio_20": pytest.approx(0.5),
    }
    assert windowed([Closed(5.0, 0)] * 20, 7, None) == {"sma_20": 5.0, "rsi_14": 50.0}


def test_rsi_weighs_gains_against_losses() -> None:
    closes = [44.0, 44.5, 43.5, 44.0, 45.0, 44.0, 44.5, 45.5, 45.0, 46.0, 45.5, 46.5, 46.0, 46.5, 46.0]
    moves = [later - earlier for earlier, later in pairwise(closes)]
    gains = sum(move for move in moves if move > 0) / 14
    losses = -sum(move for move in moves if move < 0) / 14
    found = windowed([Closed(close, 0) for close in closes], 0, None)
    assert found["rsi_14"] == pytest.approx(100 - 100 / (1 + gains / losses))


def test_change_is_against_the_close_before() -> None:
    assert against(95.0, None) == {}
    assert against(95.0, 100.0) == {"previous_close": 100.0, "change": pytest.approx(-0.05)}
    assert against(95.0, 0.0) == {"previous_close": 0.0}
    assert signals(against(95.0, 100.0)["change"], 0.05) == ["price_drop"]
    assert signals(0.0501, 0.05) == ["price_jump"]
    assert signals(-0.0499, 0.05) == signals(None, 0.05) == []


def test_after_a_pause_of_years_a_symbol_begins_anew() -> None:
    partition = Partition()
    old = MONDAY - 4_000 * DAY
    partition.take([candle(old + n * DAY, 10.0) for n in range(30)])
    partition.take([candle(MONDAY + n * DAY, 100.0) for n in range(3)])
    said = [partition.latest()[f"AMZN:1d:{MONDAY + n * DAY}"] for n in range(3)]
    assert said[0]["indicators"] == {}
    assert [bar["signals"] for bar in said] == [[], [], []]
    assert said[1]["indicators"] == {"previous_close": 100.0, "change": 0.0}
    assert partition.latest()[f"AMZN:1d:{old + 29 * DAY}"]["indicators"]["sma_20"] == 10.0


def test_a_day_is_measured_against_the_last_one_known_before_it() -> None:
    partition = Partition()
    partition.take([candle(MONDAY - 15 * DAY, 10.0)])
    partition.take([quote(OPENING, 12.0)])
    day = partition.latest()[f"AMZN:1d:{MONDAY}"]
    assert day["indicators"] == {"previous_close": 10.0, "change": pytest.approx(0.2)}
    assert day["signals"] == ["price_jump"]
    # History arrives later: the open day is measured against what is now known to be the last one.
    (_, day) = sorted(partition.take([candle(MONDAY - 3 * DAY, 12.5)]), key=lambda bar: bar["start"])
    assert day["indicators"] == {"previous_close": 12.5, "change": pytest.approx(-0.04)}
    assert day["signals"] == []


def test_a_revised_old_bar_is_carried_through_every_window_that_holds_it() -> None:
    dice = random.Random(11)
    days = [candle(MONDAY + n * DAY, dice.uniform(9, 11), volume=dice.randrange(1, 99)) for n in range(60)]
    revised = {**days[15], "close": 30.0, "volume": 5_000, "collected_at": days[15]["collected_at"] + DAY}
    partition = Partition()
    partition.take(days)
    sent = partition.take([revised])  # type: ignore[list-item]  # a candle with other values
    assert [round((bar["start"] - MONDAY) / DAY) for bar in sent] == list(range(15, 36))
    partition.drain()
    truth = Partition()
    truth.take([revised if n == 15 else day for n, day in enumerate(days)])  # type: ignore[misc]
    assert partition.said() == truth.said()
    assert partition.take([revised]) == []  # type: ignore[list-item]


def test_a_day_that_closes_enters_the_windows_of_those_after_it() -> None:
    partition = Partition()
    partition.take([candle(MONDAY - n * DAY, 10.0) for n in range(2, 21)])
    partition.take([quote(OPENING - DAY, 30.0), quote(OPENING, 31.0)])
    assert "sma_20" not in partition.latest()[f"AMZN:1d:{MONDAY}"]["indicators"]
    partition.take([], MONDAY)
    partition.drain(MONDAY)
    day = partition.latest()[f"AMZN:1d:{MONDAY}"]
    assert not day["closed"]
    assert day["indicators"]["sma_20"] == pytest.approx((19 * 10 + 30) / 20)


@pytest.mark.parametrize("order", ["forwards", "backwards"])
def test_windows_are_right_in_whatever_order_history_comes(order: str) -> None:
    dice = random.Random(12)
    days = [candle(MONDAY + n * DAY, dice.uniform(9, 11), volume=dice.randrange(1, 99)) for n in range(50)]
    partition = Partition()
    for day in days if order == "forwards" else days[::-1]:
        partition.take([day])
    partition.drain()
    for n, day in enumerate(days):
        indicators = partition.latest()[f"AMZN:1d:{MONDAY + n * DAY}"]["indicators"]
        assert ("sma_20" in indicators, "rsi_14" in indicators, "volume_ratio_20" in indicators) == (
            n >= 19,
            n >= 14,
            n >= 20,
        )
        if n >= 20:
            closes = [one["close"] for one in days[n - 19 : n + 1]]
            volumes = [one["volume"] or 0 for one in days[n - 20 : n]]
            assert indicators["sma_20"] == pytest.approx(sum(closes) / 20)
            assert indicators["volume_ratio_20"] == pytest.approx((day["volume"] or 0) * 20 / sum(volumes))


def judged(path: Path) -> None:
    partition = Partition(day_bars=100_000)
    candles = candles_of(path)
    for first in range(0, len(candles), 1_000):
        partition.take(candles[first : first + 1_000])
    partition.drain()
    bars = partition.latest()
    assert len(bars) == len(candles)
    assert all(bar["closed"] and not bar["late"] for bar in bars.values())
    crash = round(datetime(2015, 8, 24, tzinfo=ZoneInfo("America/New_York")).timestamp() * 1000)
    for symbol, close, previous, change in (
        ("AMZN", 463.37, 494.47, -0.0629),
        ("BHP", 32.18, 34.68, -0.0721),
    ):
        bar = bars[f"{symbol}:1d:{crash}"]
        assert (bar["close"], bar["indicators"]["previous_close"]) == (close, previous)
        assert bar["indicators"]["change"] == pytest.approx(change, abs=0.00005)
        assert bar["signals"] == ["price_drop"]
    with path.open(encoding="utf-8") as lines:
        before: dict[str, float] = {}
        for row in csv.DictReader(lines):
            close = float(row["close"])
            zone = ZoneInfo("Asia/Jakarta" if row["symbol"].endswith(".JK") else "America/New_York")
            start = round(datetime.fromisoformat(row["date"]).replace(tzinfo=zone).timestamp() * 1000)
            bar = bars[f"{row['symbol']}:1d:{start}"]
            assert (bar["close"], bar["volume"]) == (close, int(row["volume"]))
            if row["symbol"] in before:
                assert bar["indicators"]["change"] == pytest.approx(close / before[row["symbol"]] - 1)
            before[row["symbol"]] = close
    # Replayed once more, collected anew: the same bars, and nothing is said.
    sent = len(partition.published)
    again = [{**one, "collected_at": COLLECTED + DAY} for one in candles]
    partition.take(again)  # type: ignore[arg-type]  # candles, collected later
    partition.drain()
    assert len(partition.published) == sent


@pytest.mark.skipif(not PRICES.exists(), reason="the recorded prices are not here")
def test_the_crash_in_the_recorded_prices(tmp_path: Path) -> None:
    judged(some_of(PRICES, tmp_path))


def test_the_crash_in_generated_prices(tmp_path: Path) -> None:
    judged(some_of(generate_prices(tmp_path / "prices.csv"), tmp_path))
