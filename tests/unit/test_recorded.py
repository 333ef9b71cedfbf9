import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from producers.recorded.candle import CandleReader
from producers.recorded.lines import read_lines
from producers.recorded.post import PostReader
from producers.recorded.times import published, shift_to
from schemas.codec import Codec
from schemas.errors import Fatal, Poison
from schemas.events import Post
from schemas.registry import PinnedIds
from schemas.topics import DAY_MS

NOW = 1_800_000_000_000
JAKARTA = ZoneInfo("Asia/Jakarta")
TWEET: dict[str, Any] = {
    "ts": "2015-07-01T07:10:52Z",
    "seq": 0,
    "source": "twitter/stocknet",
    "author": "u_1",
    "text": "Talk about $GOOG",
    "symbols": ["$goog", "GOOG", "BRK-B"],
    "lang": "in",
    "id": "m_1",
    "followers": 840,
    "verified": False,
    "likes": 3,
    "retweets": 2,
    "replies": 1,
    "in_reply_to": 77,
}
HEADLINE: dict[str, Any] = {
    "ts": "2024-01-02",
    "seq": 4,
    "source": "cnbci",
    "author": "CNBC Indonesia",
    "text": "IHSG Menguat",
    "symbols": [],
    "lang": "id",
}


def read(row: dict[str, Any], shift_ms: int = 0, now: int = NOW) -> Post:
    reader = PostReader({"cnbci": "Asia/Jakarta"}, "replay")
    return reader.read(json.dumps(row).encode(), shift_ms, now)


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_a_tweet_keeps_every_known_field() -> None:
    post = read(TWEET)
    assert post == {
        "id": "x:m_1",
        "platform": "x",
        "source": "stocknet",
        "kind": "post",
        "url": None,
        "title": None,
        "text": "Talk about $GOOG",
        "lang": "id",
        "author_id": "u_1",
        "author_name": "u_1",
        "author_handle": None,
        "author_followers": 840,
        "author_verified": False,
        "likes": 3,
        "shares": 2,
        "comments": 1,
        "views": None,
        "parent_id": "x:77",
        "matched": [],
        "symbols": ["GOOG", "BRK-B"],
        "published_at": millis("2015-07-01T07:10:52Z"),
        "published_precision": "second",
        "event_at": millis("2015-07-01T07:10:52Z"),
        "collected_at": NOW,
        "collector": "replay",
        "raw": None,
    }
    codec = Codec(PinnedIds())
    assert codec.decode(codec.encode("post", post)).record == post


def test_a_headline_of_a_day_is_midnight_in_the_zone_of_its_source() -> None:
    post = read(HEADLINE)
    assert (post["platform"], post["source"], post["kind"]) == ("news", "cnbci", "article")
    assert post["published_at"] == post["event_at"] == millis("2024-01-02T00:00:00+07:00")
    assert post["published_precision"] == "day"


def test_an_id_is_made_of_source_time_seq_author_and_text() -> None:
    first = read(HEADLINE)["id"]
    assert first.startswith("news:h")
    assert read({**HEADLINE, "lang": "en", "label": "x"}, shift_ms=DAY_MS, now=NOW + 5)["id"] == first
    changed: dict[str, Any] = {
        "source": "kompas",
        "ts": "2024-01-03",
        "seq": 5,
        "author": "A",
        "text": "IHSG melemah",
    }
    ids = {read({**HEADLINE, field: value})["id"] for field, value in changed.items()}
    assert len(ids | {first}) == len(changed) + 1


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("twitter/stocknet", ("x", "stocknet", "post")),
        ("reddit/indonesia", ("reddit", "indonesia", "comment")),
        ("Kaskus/The Lounge", ("kaskus", "The Lounge", "comment")),
        ("youtube", ("youtube", "youtube", "comment")),
        ("detik", ("news", "detik", "article")),
        (None, ("webhook", "unknown", "post")),
    ],
)
def test_platform_source_and_kind_come_from_the_source(source: str | None, place: tuple[str, ...]) -> None:
    post = read({**TWEET, "source": source})
    assert (post["platform"], post["source"], post["kind"]) == place
    assert post["id"] == f"{place[0]}:m_1"


WRONG: list[tuple[str, Any]] = [
    ("ts", None),
    ("ts", 1_435_734_652),
    ("ts", "yesterday"),
    ("ts", "2024-02-30"),
    ("ts", "0001-01-01T00:00:00Z"),
    ("ts", "9999-12-31"),
    ("text", None),
    ("text", " \n "),
    ("text", 5),
    ("id", ["a"]),
    ("id", "i" * 501),
    ("id", True),
    ("author", {}),
    ("source", "bad platform!/x"),
    ("symbols", "AAPL"),
    ("symbols", [1]),
    ("likes", "many"),
    ("likes", -1),
    ("likes", 2**63),
    ("likes", 1.5),
    ("verified", "yes"),
    ("lang", 3),
]


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b'["a", "list"]',
        b'{"text": "cut off',
        b'\xff\xfe{"ts": "2024-01-01"}',
        b'{"ts": "2024-01-01", "text": "a raw \x00 byte"}',
        b'{"ts": "2024-01-01", "text": "an escaped \\u0000"}',
        b'{"ts": "2024-01-01", "text": "ok", "symbols": ["A\\u0000"]}',
        b'{"ts": "2024-01-01", "text": "half a pair \\ud83d"}',
        b"[" * 100_000,
        *(json.dumps({**TWEET, field: value}).encode() for field, value in WRONG),
    ],
)
def test_a_malformed_line_is_refused(line: bytes) -> None:
    with pytest.raises(Poison) as caught:
        PostReader({}, "replay").read(line, 0, NOW)
    assert caught.value.reason == "malformed"


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert read({**TWEET, "text": "\\u0000 is an escape"})["text"] == "\\u0000 is an escape"


def test_a_time_far_ahead_of_the_clock_is_not_believed() -> None:
    at = millis("2015-07-01T07:10:52Z")
    assert read(TWEET, now=at - 300_000)["event_at"] == at
    assert read(TWEET, now=at - 300_001)["event_at"] == at - 300_001


def test_a_shift_moves_seconds_exactly_and_days_by_whole_days() -> None:
    shift = 3 * DAY_MS + 5_000
    assert read(TWEET, shift)["published_at"] == millis("2015-07-04T07:10:57Z")
    assert read(HEADLINE, shift)["published_at"] == millis("2024-01-05T00:00:00+07:00")


def test_the_shift_brings_the_newest_item_to_now_or_to_the_day_of_now() -> None:
    at, precision = published("2015-10-31T12:00:00Z", ZoneInfo("UTC"))
    assert at + shift_to(NOW, at, precision, ZoneInfo("UTC")) == NOW
    day, precision = published("2024-12-31", JAKARTA)
    moved, _ = published("2024-12-31", JAKARTA, shift_to(NOW, day, precision, JAKARTA))
    now = datetime.fromtimestamp(NOW / 1000, UTC).astimezone(JAKARTA)
    assert moved == round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def test_a_shifted_day_stays_midnight_across_daylight_saving() -> None:
    zone = ZoneInfo("America/New_York")
    moved, _ = published("2026-01-15", zone, 180 * DAY_MS)
    assert (
        datetime.fromtimestamp(moved / 1000, UTC).astimezone(zone).isoformat() == "2026-07-14T00:00:00-04:00"
    )


HEADER = b"date,symbol,open,high,low,close,volume"


def test_a_price_row_is_a_daily_candle_at_midnight_of_its_exchange() -> None:
    candle = CandleReader(HEADER, "replay").read(
        b"2015-01-02,AAPL,111.39,111.44,107.35,109.33,53204600", 0, NOW
    )
    assert candle == {
        "symbol": "AAPL",
        "interval": "1d",
        "start": millis("2015-01-02T00:00:00-05:00"),
        "open": 111.39,
        "high": 111.44,
        "low": 107.35,
        "close": 109.33,
        "volume": 53_204_600,
        "adjusted": False,
        "collected_at": NOW,
        "collector": "replay",
    }
    codec = Codec(PinnedIds())
    assert codec.decode(codec.encode("candle", candle)).record == candle
    jakarta = CandleReader(HEADER, "replay").read(b"2015-01-02,BBCA.JK,,,,13000,", DAY_MS, NOW)
    assert jakarta["start"] == millis("2015-01-03T00:00:00+07:00")
    assert (jakarta["open"], jakarta["volume"]) == (None, None)


@pytest.mark.parametrize(
    "row",
    [
        b"2015-01-02,AAPL,1,2,3",
        b"02/01/2015,AAPL,1,2,3,4,5",
        b"2015-01-02,,1,2,3,4,5",
        b"2015-01-02,AAPL,1,2,3,,5",
        b"2015-01-02,AAPL,1,2,3,nan,5",
        b"2015-01-02,AAPL,1,2,3,-4,5",
        b"2015-01-02,AAPL,one,2,3,4,5",
        b"2015-01-02,AAPL,1,2,3,4,5.5",
        b"2015-01-02,AAPL,1,2,3,4,1e30",
        b"\xff\xfe",
        b"2015-01-02,AA\x00PL,1,2,3,4,5",
    ],
)
def test_a_malformed_price_row_is_refused(row: bytes) -> None:
    with pytest.raises(Poison) as caught:
        CandleReader(HEADER, "replay").read(row, 0, NOW)
    assert caught.value.reason == "malformed"


def test_a_csv_without_the_columns_is_hopeless() -> None:
    with pytest.raises(Fatal, match="begins with"):
        CandleReader(b"when,what", "replay")
    with pytest.raises(Fatal, match="no CSV header"):
        CandleReader(b"\xff\xfe", "replay")


def test_lines_know_their_number_size_and_end() -> None:
    data = b"one\r\n\n" + b"x" * 25 + b"\nlast"
    lines = list(read_lines(io.BytesIO(data), limit=10))
    assert [(line.number, line.data, line.cut, line.end) for line in lines] == [
        (1, b"one", False, 5),
        (2, b"", False, 6),
        (3, b"x" * 10, True, 32),
        (4, b"last", False, 36),
    ]
    assert lines[2].size == 26
    again = list(read_lines(io.BytesIO(data), lines[1].end, lines[1].number, limit=10))
    assert again == lines[2:]


def test_a_line_of_any_length_is_read_in_bounded_memory(tmp_path: Path) -> None:
    size = 1 << 28
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(b"\nnext\n")
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            lines = list(read_lines(file))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(line.number, line.cut) for line in lines] == [(1, True), (2, False)]
    assert lines[0].size == size + 1
    assert lines[1].data == b"next"
    assert peak < 16 * 1024 * 1024
