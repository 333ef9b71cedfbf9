"""Why the numbers can be believed: the proof names what is lost, and every figure is made again from its origins."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest

from api.figures import FIGURES
from schemas.proof import Bounds
from sinks.clickhouse.proof import prove
from sinks.settings import ClickHouseSinkSettings
from tests.support.broker import Broker
from tests.support.clickhouse import WRITER, EmbeddedClickHouse
from tests.support.landed import Landed
from tests.support.landing import COLLECTED
from tests.support.ledger import HOUR, Ledger
from tests.support.markets import run
from tests.support.mentions import mention
from tests.support.until import until

pytestmark = pytest.mark.kafka

Answer = dict[str, Any]
NOW = time.time_ns() // 1_000_000
UNTIL = NOW // HOUR * HOUR + HOUR
GLOBAL = {"stats.all_mentions", "stats.newest_event_at", "stats.newest_landed_at"}
MINE = {"until": UNTIL, "keyword": "k1"}


@pytest.fixture(scope="module")
def landed(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landed]:
    folder = tmp_path_factory.mktemp("trust")
    with Landed(kafka.bootstrap, f"trust{time.time_ns()}.", clickhouse, folder) as running:
        yield running


@pytest.fixture(scope="module")
def shown(landed: Landed, told: list[Answer]) -> dict[str, Answer]:
    """The dashboard's answers."""
    return {
        name: ask(landed, f"dashboard/{name}", **MINE)
        for name in ("stats", "sentiment-trend", "volume-trend")
    }


@pytest.fixture(scope="module")
def told(landed: Landed) -> list[Answer]:
    """Mentions of this day and the one before, and the runs that brought some of them."""
    records = [
        mention(
            number,
            id=f"told:{number}",
            url=f"https://example.org/{number}" if number % 2 else None,
            platform=("x", "news", "reddit")[number % 3],
            sentiment=("positive", "negative", "neutral", "negative")[number % 4],
            keywords=[["k1"], ["k1", "k2", "k1"], ["k2"], []][number % 7 % 4],
            model_version=("m1", "m2")[number > 20],
            event_at=NOW - number * 97 * 60_000,
            # No receipt tells of these: they stand beside all that the proof is asked about.
            origin_partition=9,
            origin_offset=number,
        )
        for number in range(30)
    ]
    landed.publisher.publish(*records)
    runs = [
        run("rss", "a", NOW - 2 * HOUR),
        run("rss", "b", NOW - 5 * HOUR, oldest_item_at=NOW - 8 * HOUR, newest_item_at=NOW - 6 * HOUR),
        run("rss", "c", NOW - 3 * HOUR, oldest_item_at=None, newest_item_at=None, outcome="empty"),
        run("rss", "d", NOW - 60 * HOUR),
    ]
    landed.publisher.publish(*runs, topic="runs")
    until(lambda: landed.rows("runs") == 4 and landed.origins(9) == 30, "they have landed")
    return records


@pytest.fixture(scope="module")
def settings(landed: Landed, clickhouse: EmbeddedClickHouse) -> ClickHouseSinkSettings:
    return ClickHouseSinkSettings.model_validate(
        {
            "clickhouse_url": clickhouse.url,
            "clickhouse_user": WRITER[0],
            "clickhouse_password": WRITER[1],
            "clickhouse_database": landed.database,
        }
    )


def ask(landed: Landed, path: str, **query: object) -> Answer:
    answer = landed.api.get(f"/api/v1/{path}", **query)
    assert answer.status_code == 200, answer.text
    found: Answer = answer.json()
    return found


def names(differences: list[Answer]) -> set[tuple[object, ...]]:
    """(what, topic, partition, first offset, last offset) of each."""
    return {(one["what"], one["topic"], one["partition"], *(one["offsets"] or ())) for one in differences}


def test_the_proof_counts_by_source_and_hour_and_names_what_is_lost(
    landed: Landed, settings: ClickHouseSinkSettings, clickhouse: EmbeddedClickHouse
) -> None:
    Ledger(40, repeats=[7, 20], letters=[15], source="s", hours=4).publish(landed.bootstrap, landed.prefix)
    Ledger(20, partition=1, source="other", hours=4).publish(landed.bootstrap, landed.prefix)
    until(
        lambda: (landed.rows("posts"), landed.rows("receipts")) == (59, 6), "posts and receipts have landed"
    )
    until(lambda: (landed.origins(0), landed.origins(1)) == (37, 20), "the mentions have landed")
    whole = ask(landed, "proof", source="s,other", patience=20)
    assert whole["holds"], whole["differences"]
    assert whole["difference"] == 0
    assert (whole["collected"], whole["mentions"], whole["repeats"], whole["landed"]) == (59, 57, 2, 57)
    hours = [COLLECTED - step * HOUR for step in range(4, 0, -1)]
    assert [(row["hour"], row["collected"], row["landed"]) for row in _of(whole, "x/s")] == [
        (hours[3], 5, 5),
        (hours[2], 5, 4),
        (hours[1], 5, 5),
        (hours[0], 5, 5),
    ]
    view = "SELECT source, toUnixTimestamp64Milli(hour), collected, mentions, repeats, dead_letters, landed, difference FROM ledger"
    rows = clickhouse.rows(
        f"{view} WHERE endsWith(source, '/s') OR endsWith(source, '/other') ORDER BY hour DESC, source",
        landed.database,
    )
    assert [tuple(row.values()) for row in whole["ledger"]] == rows
    part = {"source": "s", "limit": 3, "from": hours[1] + 1, "to": hours[2] + 1}
    first = ask(landed, "proof", **part)
    rest = ask(landed, "proof", before=first["next"], **part)
    assert [(row["hour"], row["source"]) for row in first["ledger"] + rest["ledger"]] == [
        (hour, source) for hour in (hours[2], hours[1]) for source in ("reddit/s", "x/s")
    ]
    assert (first["holds"], rest["next"], first["collected"]) == (True, None, 19)

    client = clickhouse.client(landed.database)
    for lost in (
        "mentions WHERE origin_partition = 0 AND origin_offset IN (12, 13)",
        "receipts WHERE partition = 0 AND first_offset = 20",
        "posts WHERE kafka_partition = 0 AND kafka_offset = 3",
        "dead_letters WHERE origin_offset = 15",
        # As if a range had never been: neither what was made of it nor the receipt that tells of it.
        "mentions WHERE origin_partition = 1 AND origin_offset < 10",
        "receipts WHERE partition = 1 AND first_offset = 0",
    ):
        client.command(f"DELETE FROM {lost}")
    client.close()
    found = ask(landed, "proof", patience=0)
    expected = {
        ("lost", "posts", 0, 12, 13),
        ("lost", "posts", 0, 15, 15),
        ("receipt", "posts", 0, 10, 19),
        ("hole", "posts", 0, 20, 29),
        ("unlanded", "posts", 0, 3, 3),
        ("uncovered", "posts", 1, 0, 9),
        ("ledger", None, None),
    }
    assert not found["holds"]
    # Of partition 9 are mentions of other tests, which no receipt tells of.
    ours = [one for one in found["differences"] if one["partition"] != 9]
    days = [one for one in ours if one["what"] == "metrics"]
    assert names(ours) - names(days) == expected
    assert {one["partition"] for one in days} == {0, 1}
    # Of the twelve, those with a number that four divides have two keywords each.
    keyed = 1 + 3
    for table, excess in (("sentiment_metrics", 12 + 2 * keyed), ("hashtags", 12), ("author_days", 12)):
        named = [one for one in days if one["where"].startswith(f"{table}[")]
        assert sum(one["found"] - one["expected"] for one in named) == excess, named
    (both,) = [one["detail"] for one in ours if one["offsets"] == [12, 13]]
    assert both == "of receipt 0:10-19, became nothing: s:12 (x/s), s:13 (reddit/s)"
    (unread,) = [row for row in found["ledger"] if row["source"] == ""]
    assert (unread["hour"], unread["dead_letters"], unread["difference"]) == (hours[1], 1, 0)
    proof = prove(settings, Bounds(NOW + HOUR, None, None, ["s", "other"]), 0)
    assert names([asdict(one) for one in proof.differences]) == expected
    assert proof.totals["difference"] == 2 + 9
    elsewhere = ask(landed, "proof", source="s", patience=0, **{"from": hours[3], "to": UNTIL})
    assert names(elsewhere["differences"]) == {("hole", "posts", 0, 20, 29)}, "the others are of other hours"


def _of(proof: Answer, source: str) -> list[Answer]:
    return [row for row in proof["ledger"] if row["source"] == source]


def origins(landed: Landed, **query: object) -> tuple[Answer, list[Answer]]:
    """What explains a figure, and all its origins, read page by page."""
    limit = 50 if query["figure"] == "stats.all_mentions" else 8
    first = page = ask(landed, "explain", limit=limit, **query)
    found = list(page["origins"])
    while page["next"]:
        page = ask(landed, "explain", limit=limit, before=page["next"], **{**query, "until": first["to"]})
        found += page["origins"]
    return first, found


def by_sentiment(found: list[Answer]) -> dict[str, int]:
    counts = Counter(one["sentiment"] for one in found)
    return {name: counts[name] for name in ("positive", "negative", "neutral")}


def ranked(found: list[Answer], key: str, of: Callable[[Answer], list[str]]) -> list[Answer]:
    groups: dict[str, list[Answer]] = {}
    for one in found:
        for name in of(one):
            groups.setdefault(name, []).append(one)
    rows = [{key: name, "mentions": len(some), **by_sentiment(some)} for name, some in groups.items()]
    return sorted(rows, key=lambda row: (-row["mentions"], row[key]))


def series(found: list[Answer], shown: list[Answer], covered: set[int]) -> list[Answer]:
    buckets = []
    for bucket in shown:
        within = [one for one in found if bucket["start"] <= one["event_at"] < bucket["end"]]
        counts: dict[str, int | None] = {"mentions": len(within), **by_sentiment(within)}
        if not within and bucket["start"] not in covered:
            counts = dict.fromkeys(counts)
        buckets.append(
            {name: bucket.get(name) if name in ("start", "end") else counts[name] for name in bucket}
        )
    return buckets


def touched(found: list[Answer], edges: list[tuple[int, int]]) -> int:
    spans = [(one["started_at"], one["ended_at"]) for one in found]
    spans += [(one["oldest_item_at"], one["newest_item_at"]) for one in found if one["newest_item_at"]]
    return sum(any(a < end and z >= start for a, z in spans) for start, end in edges)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_is_made_again_from_its_origins(
    landed: Landed, told: list[Answer], shown: dict[str, Answer], figure: str
) -> None:
    explained, found = origins(landed, figure=figure, **MINE)
    name, _, field = figure.partition(".")
    coverage = explained["coverage"]
    trend = shown["volume-trend"]["buckets"]
    edges = [(one["start"], one["end"]) for one in trend]
    covered = {start for start, _ in edges} - set((coverage or {}).get("uncovered", ()))
    again: dict[str, Callable[[], object]] = {
        "stats.platforms": lambda: ranked(found, "platform", lambda one: [one["platform"]]),
        "stats.keywords": lambda: ranked(found, "keyword", lambda one: sorted(set(one["keywords"]))),
        "stats.covered_buckets": lambda: touched(found, edges),
        "stats.newest_event_at": lambda: max(one["event_at"] for one in found),
        "stats.newest_landed_at": lambda: max(one["landed"]["at"] for one in found),
        "stats.sentiment": lambda: by_sentiment(found),
        "stats.previous_sentiment": lambda: by_sentiment(found),
    }
    value: Any = shown[name] if name == "stats" else shown[name]["buckets"]
    if figure in GLOBAL:
        # Other tests' mentions are among them.
        value = ask(landed, "dashboard/stats", **MINE)
    if name == "stats":
        for part in field.split("."):
            value = value[part]
        remade = again.get(figure, lambda: len(found))()
    elif field:
        value = [{key: one[key] for key in ("start", "end", field)} for one in value]
        # A bucket without any of one sentiment is 0 where others are, which these origins alone do not tell.
        remade = [
            {**one, field: one[field] or (0 if old["mentions"] else one[field])}
            for one, old in zip(series(found, value, covered), trend, strict=True)
        ]
    else:
        remade = series(found, value, covered)
    assert explained["value"] == value == remade
    assert explained["count"] == len(found) > 0
    assert len({(one["topic"], one["partition"], one["offset"]) for one in found}) == len(found)
    if figure != "stats.covered_buckets":
        models = Counter(one["model_version"] for one in found)
        assert {one["model_version"]: one["mentions"] for one in explained["models"]} == models
        known = {one["id"]: (one["origin_partition"], one["origin_offset"], one["url"]) for one in told}
        for one in found:
            assert known.get(one["id"], one) in (one, (one["partition"], one["offset"], one["url"]))
    rows = landed.api.get("/api/v1/sql", query=explained["query"]).json()["data"]
    if not isinstance(value, list | dict):
        assert [int(cell) for row in rows for cell in row.values()] == [value]
    elif name == "stats":
        assert sum(int(row["mentions"]) for row in rows) == _mentions(value)


def _mentions(value: list[Answer] | dict[str, int]) -> int:
    return sum(value.values()) if isinstance(value, dict) else sum(one["mentions"] for one in value)


def test_one_bucket_one_platform_and_a_hostile_keyword_are_explained(
    landed: Landed, told: list[Answer]
) -> None:
    whole = ask(landed, "explain", figure="sentiment-trend.negative", **MINE)
    bucket = next(one for one in reversed(whole["value"]) if one["negative"])
    narrow, found = origins(
        landed, figure="sentiment-trend.negative", start=bucket["start"], platform="news", **MINE
    )
    mine = [
        one["id"]
        for one in told
        if "k1" in one["keywords"]
        and (one["platform"], one["sentiment"]) == ("news", "negative")
        and bucket["start"] <= one["event_at"] < bucket["end"]
    ]
    assert [one["id"] for one in found] == mine
    assert [one["start"] for one in narrow["value"]] == [bucket["start"]]
    hostile = ask(landed, "explain", figure="stats.mentions", keyword="it's \\ {start:Int64} --", until=UNTIL)
    assert (hostile["value"], hostile["count"], hostile["origins"]) == (0, 0, [])
    sql = landed.api.get("/api/v1/sql", query=hostile["query"], format="CSV")
    assert (sql.status_code, sql.text) == (200, "0\n")


@pytest.mark.parametrize(
    ("path", "query", "where"),
    [
        ("proof", {"from": "2", "to": "2"}, ["from"]),
        ("proof", {"from": "yesterday"}, ["from"]),
        ("proof", {"limit": "1001"}, ["limit"]),
        ("proof", {"before": "junk"}, ["before"]),
        ("proof", {"source": ""}, ["source", 0]),
        ("proof", {"patience": "21"}, ["patience"]),
        ("proof", {"since": "1"}, ["since"]),
        ("explain", {}, ["figure"]),
        ("explain", {"figure": "mentions"}, ["figure"]),
        ("explain", {"figure": "stats.mentions", "start": str(UNTIL - HOUR)}, ["start"]),
        ("explain", {"figure": "volume-trend", "start": str(UNTIL - 1)}, ["start"]),
        ("explain", {"figure": "volume-trend", "before": "junk"}, ["before"]),
        ("explain", {"figure": "volume-trend", "period": "1h"}, ["period"]),
    ],
)
def test_bad_parameters_are_named(
    landed: Landed, path: str, query: dict[str, str], where: list[object]
) -> None:
    answer = landed.api.get(f"/api/v1/{path}", **query)
    assert answer.status_code == 422, answer.text
    assert [one["loc"] for one in answer.json()["detail"]] == [["query", *where]]


def test_an_unknown_figure_is_told_which_there_are(landed: Landed) -> None:
    (problem,) = landed.api.get("/api/v1/explain", figure="stats.mention").json()["detail"]
    assert all(name in problem["msg"] for name in FIGURES)
