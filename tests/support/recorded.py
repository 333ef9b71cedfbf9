"""The recorded events and prices that tests replay: the shared data where it is, a generated file of the same shape otherwise."""

import csv
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
STOCKNET = SHARED / "events" / "stocknet_2015.jsonl"
STOCKNET_POSTS = 17_362
PRICES = SHARED / "prices" / "us_2015.csv"

_WORDS = [
    "harga",
    "saham",
    "naik",
    "turun",
    "pasar",
    "hari",
    "market",
    "up",
    "down",
    "beli",
    "jual",
    "sell",
    "rugi",
    "laba",
]
_SATURDAY = 5
_TICKERS = ["AAPL", "AMZN", "GOOG", "BAC", "XOM", "BBCA.JK", "TLKM.JK"]


def recorded_events(folder: Path) -> tuple[Path, int]:
    """(file, number of posts in it)."""
    if STOCKNET.exists():
        return STOCKNET, STOCKNET_POSTS
    return generate(folder / "generated.jsonl", STOCKNET_POSTS), STOCKNET_POSTS


def generate(path: Path, posts: int, seed: int = 2015) -> Path:
    """Write `posts` lines over 120 days, in order of time, with authors and tickers by a power law."""
    dice = random.Random(seed)
    moments = sorted(dice.uniform(0, 120 * 86_400) for _ in range(posts))
    start = datetime(2015, 7, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as lines:
        for seq, moment in enumerate(moments):
            ticker = _TICKERS[min(int(dice.paretovariate(1)) - 1, len(_TICKERS) - 1)]
            words = " ".join(dice.choices(_WORDS, k=dice.randint(4, 18)))
            line = {
                "ts": (start + timedelta(seconds=int(moment))).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "ts_resolution": "second",
                "seq": seq,
                "source": "twitter/generated",
                "author": f"u_{int(dice.paretovariate(1.1)):x}",
                "text": f"${ticker} {words} #{dice.choice(_WORDS)}",
                "symbols": [ticker],
                "lang": dice.choice(["id", "en"]),
                "id": f"g_{seq}",
                "followers": int(dice.paretovariate(0.8) * 10),
                "verified": False,
            }
            lines.write(json.dumps(line) + "\n")
    return path


def recorded_prices(folder: Path) -> Path:
    """Daily prices (`date,symbol,open,high,low,close,volume`, each symbol's in order) that hold the crash of 2015-08-24."""
    return PRICES if PRICES.exists() else generate_prices(folder / "prices.csv")


def generate_prices(path: Path, seed: int = 2015) -> Path:
    """Write a year of weekdays of a few symbols; AMZN and BHP fall on 2015-08-24 as they did."""
    dice = random.Random(seed)
    days = [date(2015, 1, 1) + timedelta(days=number) for number in range(365)]
    fixed = {
        ("AMZN", "2015-08-21"): 494.47,
        ("AMZN", "2015-08-24"): 463.37,
        ("BHP", "2015-08-21"): 34.68,
        ("BHP", "2015-08-24"): 32.18,
    }
    with path.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["date", "symbol", "open", "high", "low", "close", "volume"])
        for symbol, usual in (("AAPL", 110.0), ("AMZN", 480.0), ("BHP", 34.0), ("TLKM.JK", 2_900.0)):
            for day in days:
                if day.weekday() < _SATURDAY:
                    opened = round(usual * dice.uniform(0.99, 1.01), 2)
                    close = fixed.get(
                        (symbol, day.isoformat()), round(opened * dice.uniform(0.985, 1.015), 2)
                    )
                    high, low = round(max(opened, close) * 1.004, 2), round(min(opened, close) * 0.996, 2)
                    rows.writerow(
                        [day.isoformat(), symbol, opened, high, low, close, dice.randrange(1_000, 90_000_000)]
                    )
    return path


def hours_of(path: Path) -> dict[int, int]:
    """Epoch milliseconds of each hour → posts in it, counted from the file itself."""
    hours: dict[int, int] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            hour = datetime.fromisoformat(json.loads(line)["ts"]).replace(minute=0, second=0)
            key = int(hour.timestamp()) * 1000
            hours[key] = hours.get(key, 0) + 1
    return hours
