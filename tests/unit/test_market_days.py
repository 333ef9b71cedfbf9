"""In which zone an exchange's days are cut, and which day a daily candle means."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from processors.logic.market import exchanges
from processors.logic.market.exchanges import Exchanges, zone_by_name
from schemas.errors import Poison
from schemas.events import Instrument
from tests.support.bars import DAY, MONDAY, OPENING


def instrument(symbol: str, zone: str) -> Instrument:
    return {
        "symbol": symbol,
        "name": symbol,
        "aliases": [],
        "exchange": "",
        "zone": zone,
        "currency": "",
        "active": True,
        "updated_at": 0,
    }


def at(zone: str, *moment: int) -> int:
    return round(datetime(*moment, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("symbol", "zone"),
    [
        ("BBCA.JK", "Asia/Jakarta"),
        ("^JKSE", "Asia/Jakarta"),
        ("^GSPC", "America/New_York"),
        ("AMZN", "America/New_York"),
        ("BRK-B", "America/New_York"),
        ("BRK.B", "America/New_York"),
        ("VOD.L", "Europe/London"),
        ("7203.T", "Asia/Tokyo"),
        ("USDIDR=X", "UTC"),
        ("CL=F", "America/New_York"),
        ("BTC-USD", "UTC"),
    ],
)
def test_a_symbol_alone_names_a_zone(symbol: str, zone: str) -> None:
    assert zone_by_name(symbol) == zone


def test_every_zone_of_the_table_exists() -> None:
    table = exchanges._TABLE
    for zone in {table["default"], *table["suffixes"].values(), *table["symbols"].values()}:
        ZoneInfo(zone)


def test_instruments_are_followed() -> None:
    known = Exchanges()
    assert known.day("X.JK", OPENING) == known.day("BBCA.JK", OPENING)
    known.put("X.JK", instrument("X.JK", "Asia/Jayapura"))
    assert known.day("X.JK", OPENING)[0] == at("Asia/Jayapura", 2015, 8, 24)
    with pytest.raises(Poison, match="Nowhere"):
        known.put("X.JK", instrument("X.JK", "Nowhere/At_all"))
    assert known.zone("X.JK") == "Asia/Jayapura"
    known.put("X.JK", None)
    assert known.day("X.JK", OPENING)[0] == at("Asia/Jakarta", 2015, 8, 24)


@pytest.mark.parametrize("symbol", ["AMZN", "BBCA.JK", "7203.T", "VOD.L", "USDIDR=X"])
def test_a_candle_names_a_day_by_midnight_utc_or_by_its_exchanges_time(symbol: str) -> None:
    known = Exchanges()
    zone = zone_by_name(symbol)
    day = at(zone, 2015, 8, 24)
    assert known.day_of_candle(symbol, at("UTC", 2015, 8, 24)) == (day, day + DAY)
    assert known.day_of_candle(symbol, day) == (day, day + DAY)
    assert known.day_of_candle(symbol, at(zone, 2015, 8, 24, 9, 30)) == (day, day + DAY)


def test_days_are_as_long_as_the_clocks_make_them() -> None:
    known = Exchanges()
    start, end = known.day_of_candle("AMZN", at("UTC", 2015, 11, 1))
    assert (start, end - start) == (at("America/New_York", 2015, 11, 1), DAY + 3_600_000)
    # Clocks were put forward at midnight: the day begins an hour later.
    start, end = known.day_of_candle("PETR4.SA", at("UTC", 2015, 10, 18))
    assert end - start == DAY - 3_600_000
    assert datetime.fromtimestamp(start / 1000, UTC) == datetime(2015, 10, 18, 3, tzinfo=UTC)
    assert known.day("AMZN", MONDAY)[0] == MONDAY
