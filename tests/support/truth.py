"""What must hold after any run, asked of the landed tables: exact counts, tiling receipts, equal windows."""

import csv
from pathlib import Path

from tests.support.recorded import hours_of
from tests.support.stack import Stack


def assert_exact(stack: Stack, events: Path, posts: int) -> None:
    """Every claim of the spine about a stack that has read `events` once or many times."""
    assert_mentions(stack, posts)
    assert_receipts_tile(stack, posts)
    assert_windows(stack, events)
    assert_stories(stack)
    assert_topics(stack)
    assert_metrics(stack, posts)


def assert_mentions(stack: Stack, posts: int) -> None:
    counts = stack.sql(
        "SELECT count() AS rows, uniqExact(id) AS ids, uniqExact((origin_partition, origin_offset)) AS origins FROM mentions"
    )
    assert counts == [{"rows": posts, "ids": posts, "origins": posts}]


def assert_receipts_tile(stack: Stack, posts: int) -> None:
    """Receipts follow one another without hole or overlap, from offset 0 to the end of posts, and add up."""
    rows = stack.sql(
        "SELECT partition, first_offset, last_offset, records, mentions, repeats, dead_letters FROM receipts ORDER BY partition, first_offset"
    )
    landed = {
        row["kafka_partition"]: row["end"]
        for row in stack.sql(
            "SELECT kafka_partition, max(kafka_offset) + 1 AS end FROM posts GROUP BY kafka_partition"
        )
    }
    expected: dict[int, int] = {}
    for row in rows:
        assert row["first_offset"] == expected.get(row["partition"], 0), row
        assert row["records"] == row["last_offset"] - row["first_offset"] + 1, row
        assert row["records"] == row["mentions"] + row["repeats"] + row["dead_letters"], row
        expected[row["partition"]] = row["last_offset"] + 1
    assert sum(row["mentions"] for row in rows) == posts
    for partition, end in landed.items():
        assert expected[partition] >= end


def assert_windows(stack: Stack, events: Path) -> None:
    """The latest revision of every 1h window of all: equals the posts of that hour in the file, and late is 0."""
    rows = stack.sql(
        "SELECT toUnixTimestamp64Milli(start) AS hour, argMax(mentions, revision) AS mentions, argMax(late, revision) AS late "
        "FROM trends WHERE subject_kind = 'all' AND platform = '' AND window = '1h' GROUP BY id, start"
    )
    assert len(rows) == len({row["hour"] for row in rows})
    found, posted = {row["hour"]: row["mentions"] for row in rows}, hours_of(events)
    assert found == posted, sorted(found.items() ^ posted.items())[:20]
    assert sum(row["late"] for row in rows) == 0
    for window in ("1m", "5m", "1h", "1d"):
        total = stack.value(
            "SELECT sum(n) FROM (SELECT argMax(mentions, revision) AS n FROM trends "
            f"WHERE subject_kind = 'all' AND platform = '' AND window = '{window}' GROUP BY id)"
        )
        assert total == sum(hours_of(events).values()), window


def assert_stories(stack: Stack) -> None:
    """A post belongs to one story, a story is as large as its links say, and windows of every kind count each copy once."""
    links = stack.sql(
        "SELECT count() - uniqExact(post_id) AS twice, countIf(post_id NOT IN (SELECT id FROM mentions)) AS strangers, "
        "count() - countIf(is_copy) - uniqExact(story_id) AS headless FROM story_links"
    )
    assert links == [{"twice": 0, "strangers": 0, "headless": 0}]
    other = stack.value(
        "SELECT count() FROM (SELECT id, max(copies) AS most FROM stories GROUP BY id) "
        "WHERE (id, most) NOT IN (SELECT story_id, toInt64(count()) - 1 FROM story_links GROUP BY story_id)"
    )
    assert other == 0
    copies = stack.value("SELECT countIf(is_copy) FROM story_links")
    assert copies > 0
    for window in ("1m", "5m", "1h", "1d"):
        counted = stack.value(
            "SELECT sum(n) FROM (SELECT argMax(copies, revision) AS n FROM trends "
            f"WHERE subject_kind = 'all' AND platform = '' AND window = '{window}' GROUP BY id)"
        )
        assert counted == copies, window
        elsewhere = stack.value(
            "SELECT countIf(n > m) FROM (SELECT argMax(copies, revision) AS n, argMax(mentions, revision) AS m FROM trends "
            f"WHERE subject_kind = 'all' AND platform = '' AND window = '{window}' GROUP BY id)"
        )
        assert elsewhere == 0, f"copies were counted in {elsewhere} windows of {window} that are not theirs"


def assert_topics(stack: Stack) -> None:
    """Windows of every kind count each post of a story that is of a topic once, for one topic; what came after its window was dropped, as late."""
    posts = stack.value(
        "SELECT count() FROM story_links WHERE story_id IN (SELECT story_id FROM assignments)"
    )
    assert posts > 0
    for window in ("1m", "5m", "1h", "1d"):
        counted = stack.value(
            "SELECT sum(n) FROM (SELECT argMax(mentions + late, revision) AS n FROM trends "
            f"WHERE subject_kind = 'topic' AND platform = '' AND window = '{window}' GROUP BY id)"
        )
        assert counted == posts, window
    closed = stack.value(
        "SELECT countIf(closed) > count() / 2 FROM (SELECT argMax(closed, revision) AS closed FROM trends "
        "WHERE subject_kind = 'topic' AND platform = '' AND window = '1h' GROUP BY id)"
    )
    assert closed == 1, "how far posts have been read comes through stories and topics"
    strangers = stack.value(
        "SELECT uniqExact(subject) FROM trends WHERE subject_kind = 'topic' AND subject NOT IN (SELECT id FROM topics)"
    )
    assert strangers == 0


def assert_bars(stack: Stack, prices: Path) -> None:
    """Every row of the price file is one closed bar of a day, with its prices, told once."""
    landed = stack.sql(
        "SELECT symbol, toString(toDate(start + INTERVAL 12 HOUR)) AS day, open, high, low, close, volume, closed "
        "FROM latest_bars WHERE interval = '1d'"
    )
    found = {
        (bar["symbol"], bar["day"]): (bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"])
        for bar in landed
    }
    with prices.open(encoding="utf-8", newline="") as lines:
        expected = {
            (row["symbol"], row["date"]): (
                float(row["open"]),
                float(row["high"]),
                float(row["low"]),
                float(row["close"]),
                int(row["volume"]),
            )
            for row in csv.DictReader(lines)
        }
    assert found == expected
    assert len(landed) == len(expected)
    assert all(bar["closed"] for bar in landed)
    assert stack.value("SELECT count() - uniqExact(id, revision) FROM bars") == 0


def assert_metrics(stack: Stack, posts: int) -> None:
    rows = stack.sql(
        "SELECT sentiment, sum(mentions) AS mentions FROM sentiment_metrics WHERE keyword = '' GROUP BY sentiment ORDER BY sentiment"
    )
    assert rows == stack.sql(
        "SELECT sentiment, count() AS mentions FROM mentions GROUP BY sentiment ORDER BY sentiment"
    )
    assert sum(row["mentions"] for row in rows) == posts
