"""Every question of deploy/docs/analytics.md, asked as it stands there by the read-only user, on data that is known."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.sql import Reader
from sinks.clickhouse.migrate import migrate
from sinks.settings import ClickHouseSinkSettings
from tests.support.clickhouse import READER, ROOT, WRITER, EmbeddedClickHouse
from tests.support.direct import land
from tests.support.mentions import mention, trend

QUESTION = re.compile(r"^### (\d+)\. (.+?)$.*?```sql\n(.*?)```", re.MULTILINE | re.DOTALL)
QUESTIONS = {
    int(number): sql
    for number, _, sql in QUESTION.findall((ROOT / "deploy/docs/analytics.md").read_text(encoding="utf-8"))
}
HOUR = 3_600_000
NOW = time.time_ns() // 1_000_000
THIS_HOUR = NOW // HOUR * HOUR
DAY = THIS_HOUR // (24 * HOUR) * 24 * HOUR

# Beside its rows (None: as they are), what each question must give where that follows from the data below.
EXPECTED: dict[int, list[list[Any]]] = {
    3: [["Kenaikan harga BBM", 22, 53.7], ["Makan bergizi gratis", 14, 34.1], ["IHSG", 5, 12.2]],
    4: [["bbm", 16, 0, 16], ["tolak", 12, 0, 12], ["mbg", 3, 1.4, 1.2]],
    5: [["bbm", 16, 1, 0], ["tolak", 12, 1, 0], ["mbg", 13, 0, 1]],
    6: [
        *[["x", f"akun{n}", 1000 * (n + 1) + n, 4, 4, 24] for n in (2, 1, 0)],
        *[["x", "budi", 10, 1, 1, 6]] * 4,
    ],
    7: [["x", f"a{n}", 4, 1000 * (n + 1) + n] for n in range(3)] + [["x", f"b{n}", 1, 10] for n in range(4)],
    8: [["kompas", 6, 0.0]],
    11: [["bbm", "mbg", 4]],
    12: [[4242, 4, 4]],
    19: [["BBCA.JK", 5, 4.2, 9100.0, 1.25, ["price_rise"]]],
    20: [
        ["news/kompas", 6, 6, 0, 0, 0],
        ["reddit/r/finansial", 5, 5, 0, 0, 0],
        ["x/x", 20, 16, 3, 1, 0],
        ["youtube/youtube", 13, 13, 0, 0, 0],
    ],
}


def _mentions() -> list[dict[str, Any]]:
    """Of fuel 12 angry posts, 6 articles and 4 copies; of meals 13 glad ones, 10 of them days ago; of a share 5."""
    angry, glad = (
        {"sentiment": s, "positive": p, "negative": n, "neutral": 0.1}
        for s, p, n in (("negative", 0.1, 0.8), ("positive", 0.8, 0.1))
    )
    made: list[dict[str, Any]] = []

    def say(ago_hours: float, **changes: Any) -> None:
        at = int(NOW - ago_hours * HOUR)
        number = len(made)
        of = {
            "event_at": at,
            "published_at": at,
            "collected_at": at + number,
            "fingerprint": 1_000_000 + number,
            "keywords": [],
        }
        made.append(mention(number, **{**of, **changes}))

    for n in range(12):
        who = {
            "author_id": f"a{n % 3}",
            "author_handle": f"akun{n % 3}",
            "author_followers": 1000 * (n % 3 + 1) + n % 3,
        }
        say(
            3,
            keywords=["bbm"],
            hashtags=["bbm", "tolak"],
            text="Harga BBM naik lagi, rakyat susah",
            emotion="anger",
            **who,
            **angry,
        )
    for n in range(6):
        news = {
            "platform": "news",
            "source": "kompas",
            "kind": "article",
            "author_handle": None,
            "sentiment": "neutral",
        }
        say(
            5 + n,
            keywords=["bbm"],
            positive=0.1,
            negative=0.1,
            neutral=0.8,
            text="Pemerintah umumkan harga baru",
            title="BBM",
            **news,
        )
    for n in range(13):
        say(
            30 + n if n < 10 else 6,
            platform="youtube",
            source="youtube",
            keywords=["mbg"] if n < 10 else [],
            hashtags=["mbg"],
            author_id=f"y{n}",
            text="Makan gratis, anak senang",
            emotion="love",
            **glad,
        )
    for n in range(4):
        say(
            2,
            keywords=["bbm", "mbg"],
            hashtags=["bbm"],
            author_id=f"b{n}",
            fingerprint=4242,
            text="Turunkan harga BBM sekarang!",
            **angry,
        )
    for n in range(5):
        say(
            (NOW - THIS_HOUR) / HOUR + n + 0.5,
            platform="reddit",
            source="r/finansial",
            keywords=["ihsg"],
            symbols=["BBCA.JK"],
            author_id="r1",
            text="BBCA mantap",
            **glad,
        )
    return made


def _quotes() -> list[dict[str, Any]]:
    """One every 20 seconds of six hours, each hour 10 up."""
    return [
        {
            "symbol": "BBCA.JK", "price": 9_000.0 + n // 180 * 10 + (n % 180) / 100, "change": None, "day_volume": 100 * n,
            "currency": "IDR", "exchange": "JKT", "market_time": THIS_HOUR - 6 * HOUR + n * 20_000,
            "collected_at": THIS_HOUR, "collector": "test",
        }
        for n in range(6 * 180)
    ]  # fmt: skip


def _example(event: str, **changes: Any) -> dict[str, Any]:
    """The event of the schema's example, changed."""
    (path, *_) = sorted((ROOT / "schemas" / "examples" / event / "1").glob("*.json"))
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["record"]
    return {**record, **changes}


def _receipt() -> dict[str, Any]:
    said = (
        ("x/x", "mention", 16),
        ("x/x", "repeat", 3),
        ("x/x", "dead_letter", 1),
        ("news/kompas", "mention", 6),
        ("reddit/r/finansial", "mention", 5),
        ("youtube/youtube", "mention", 13),
    )
    hour = THIS_HOUR - 3 * HOUR
    counts = [{"source": source, "hour": hour, "outcome": how, "count": n} for source, how, n in said]
    return _example("receipt", counts=counts, enriched_at=NOW)


@pytest.fixture(scope="module")
def reader(clickhouse: EmbeddedClickHouse) -> Iterator[Reader]:
    """The read-only user of a database with all of it."""
    database = f"t{uuid.uuid4().hex[:10]}"
    given = {
        "clickhouse_url": clickhouse.url,
        "clickhouse_database": database,
        "clickhouse_user": WRITER[0],
        "clickhouse_password": WRITER[1],
    }
    migrate(ClickHouseSinkSettings.model_validate(given))
    client = clickhouse.client(database)
    made = _mentions()
    # Late ones first, in several blocks: the figures must not care.
    for start in (20, 0, 30):
        end = {20: 30, 0: 20, 30: len(made)}[start]
        land(client, "mentions", made[start:end], first=start)
    quotes = _quotes()
    land(client, "quotes", quotes[500:], first=500)
    land(client, "quotes", quotes[:500])
    names = {"bbm": "Kenaikan harga BBM", "mbg": "Makan bergizi gratis", "ihsg": "IHSG"}
    land(client, "keywords", [_example("keyword", id=key, text=text) for key, text in names.items()])
    land(client, "trends", [
        trend("keyword", "bbm", closed=True, mentions=16, score=5.5, baseline=2.0, terms={"harga": 16}, start=THIS_HOUR - 3 * HOUR),
        trend("symbol", "BBCA.JK", window="1d", start=DAY, end=DAY + 24 * HOUR, mentions=5, score=4.2),
    ])  # fmt: skip
    bar = {"symbol": "BBCA.JK", "id": "BBCA.JK", "start": DAY, "end": DAY + 24 * HOUR, "close": 9100.0}
    land(client, "bars", [_example("bar", **bar, indicators={"change": 0.0125}, signals=["price_rise"])])
    land(client, "alerts", [_example("alert", fired_at=NOW - HOUR, computed_at=NOW, samples=["x:0", "x:31"])])
    land(client, "receipts", [_receipt()])
    yield Reader(clickhouse.url, database, *READER)
    client.command(f"DROP DATABASE {database}")
    client.close()


def ask(reader: Reader, number: int) -> list[list[Any]]:
    """The rows of a question."""
    settings = b"".join(reader.query(QUESTIONS[number], "JSONCompact"))
    data: list[list[Any]] = json.loads(settings)["data"]
    # 64-bit numbers are text in JSON.
    return [
        [int(cell) if isinstance(cell, str) and cell.lstrip("-").isdigit() else cell for cell in row]
        for row in data
    ]


def test_there_are_twenty_questions_in_order() -> None:
    assert list(QUESTIONS) == list(range(1, 21))


@pytest.mark.parametrize("number", QUESTIONS)
def test_the_answer_to_question(reader: Reader, number: int) -> None:
    rows = ask(reader, number)
    assert rows, "the data below has something for every question"
    if number in EXPECTED:
        wanted = EXPECTED[number]
        assert [row[: len(wanted[0])] for row in rows] == wanted


def test_figures_that_fall_into_days_and_hours_add_up(reader: Reader) -> None:
    """Where an hour or a day begins depends on when the test runs; what they hold together does not."""
    within_a_day = [row for row in _mentions() if row["event_at"] >= NOW - 24 * HOUR]
    hours = ask(reader, 1)
    assert len({row[0] for row in hours}) == len(hours)
    assert sum(row[1] for row in hours) == len(within_a_day)
    assert sum(row[3] for row in hours) == 16
    days = ask(reader, 2)
    assert sum(row[1] for row in days) == 22
    assert round(sum(row[1] * row[2] for row in days)) == -16
    assert sum(row[1] for row in ask(reader, 13)) == 22
    emotions = ask(reader, 9)
    assert [row[1:] for row in emotions if row[0] == "x"] == [["anger", 12, 0.75], ["joy", 4, 0.25]]


def test_words_are_found_by_their_index(reader: Reader) -> None:
    found = ask(reader, 10)
    assert len(found) == 16
    assert all("harga bbm" in row[3].lower() for row in found)
    plan = b"".join(reader.query("EXPLAIN indexes = 1 " + QUESTIONS[10], "TSVRaw")).decode()
    assert "words" in plan


def test_prices_by_minute_become_bars_and_meet_what_was_said(reader: Reader) -> None:
    bars = ask(reader, 16)
    assert len(bars) == 6 * 12
    assert bars[0][1:] == [9000.0, 9000.14, 9000.0, 9000.14, 15]
    assert bars[-1][1:] == [9051.65, 9051.79, 9051.65, 9051.79, 15]
    hours = ask(reader, 17)
    assert len(hours) == 6
    assert all(row[1] == 0.02 for row in hours)
    assert [row[2] for row in hours] == [0, 1, 1, 1, 1, 1]
    assert [row[:2] for row in ask(reader, 18)] == [["BBCA.JK", 4]]
    assert [row[3:] for row in ask(reader, 15)] == [
        ["x", "Harga BBM naik lagi, rakyat susah"],
        ["x", "Turunkan harga BBM sekarang!"],
    ]


def test_the_table_of_tables_names_what_is_there(reader: Reader) -> None:
    text = Path(ROOT / "deploy/docs/analytics.md").read_text(encoding="utf-8")
    named = {
        name
        for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    there = {
        row[0] for row in reader.rows("SELECT name FROM system.tables WHERE database = currentDatabase()")
    }
    assert named
    assert {name for name in named if not name[0].isupper()} <= there
