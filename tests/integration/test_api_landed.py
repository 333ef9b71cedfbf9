"""Alerts, prices, runs, sources and health over real Kafka, sink and engine."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from api.standings import Standings
from schemas.canary import CANARY
from schemas.flow import FLOW
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.landed import Landed
from tests.support.markets import DAY, MINUTE, alert, bar, quote, run
from tests.support.mentions import mention
from tests.support.sse import SseClient
from tests.support.tokens import SETTINGS, token
from tests.support.until import until

pytestmark = pytest.mark.kafka

NOW = time.time_ns() // 1_000_000
MIDNIGHT = NOW // DAY * DAY
TOKENS = {**SETTINGS, "anonymous_read": "true"}
"""Anybody may read here, and somebody is who the token says."""


@pytest.fixture(scope="module")
def landed(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landed]:
    folder = tmp_path_factory.mktemp("landed")
    settings = {"health_sample_s": 0.5, "health_stall_s": 2, "clickhouse_timeout_s": 5, **TOKENS}
    with Landed(kafka.bootstrap, f"rest{time.time_ns()}.", clickhouse, folder, **settings) as running:
        yield running


def put(landed: Landed, topic: str, *records: dict[str, Any]) -> None:
    """Publish, and wait until they have landed."""
    before = landed.rows(topic)
    landed.publisher.publish(*records, topic=topic)
    until(lambda: landed.rows(topic) >= before + len(records), f"{topic} have landed")


def committed(landed: Landed, ids: set[str]) -> None:
    """Wait until the list may show them: the sink commits after the insert."""
    until(lambda: ids <= {one["id"] for one in listed(landed, limit=500)}, "they are listed")


def listed(landed: Landed, **query: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = landed.api.get("/api/v1/alerts", **query).json()["alerts"]
    return found


def idle_stages(landed: Landed) -> None:
    settings = KafkaSettings(kafka=landed.bootstrap, topic_prefix=landed.prefix)
    standings = Standings(settings)
    for one in (step for step in FLOW if step.kind == "stage"):
        consumer = Consumer({"bootstrap.servers": landed.bootstrap, "group.id": one.group(landed.prefix)})
        ends = [
            TopicPartition(TOPICS[at.topic].full_name(landed.prefix), at.partition, at.end)
            for at in standings.of(one)
        ]
        consumer.commit(offsets=ends, asynchronous=False)
        consumer.close()
    standings.close()


def test_alerts_are_listed_whole_filtered_and_paged(landed: Landed) -> None:
    mine = f"m{landed.number()}"
    records = [
        alert(
            number,
            rule_id=f"{mine}-{number % 2}",
            fired_at=NOW - number * 1000,
            kind=("volume_spike", "price_move")[number % 2],
            severity=("info", "warning", "critical")[number % 3],
            subject=("all:", f"symbol:{mine}")[number % 2],
            platform=("", "x")[number == 3],
            start=NOW - number * 1000,
        )
        for number in range(6)
    ]
    owned = alert(9, owner="somebody", rule_id=f"{mine}-0")
    put(landed, "alerts", *records, owned)
    committed(landed, {one["id"] for one in records})
    rules = f"{mine}-0,{mine}-1"

    def found(**query: object) -> list[int]:
        shown = listed(landed, **{"rule": rules, **query})
        return [records.index(one) for one in shown]

    assert found() == [0, 1, 2, 3, 4, 5]
    assert found(rule=f"{mine}-1") == [1, 3, 5]
    assert found(kind="price_move") == [1, 3, 5]
    assert found(severity="critical,info") == [0, 2, 3, 5]
    assert found(subject=f"symbol:{mine}") == [1, 3, 5]
    assert found(platform="x") == [3]
    assert found(platform="all") == [0, 1, 2, 3, 4, 5]
    assert found(**{"from": NOW - 3000, "to": NOW - 1000}) == [2, 3]
    pages: list[int] = []
    cursor: str | None = None
    while cursor or not pages:
        answer = landed.api.get(
            "/api/v1/alerts", rule=rules, limit=4, **({"before": cursor} if cursor else {})
        ).json()
        pages.append(len(answer["alerts"]))
        cursor = answer["next"]
    assert pages == [4, 2]
    assert owned["id"] not in {one["id"] for one in listed(landed, limit=500)}


def test_an_owners_alerts_are_listed_for_that_owner_alone(landed: Landed) -> None:
    rule = f"own{landed.number()}"
    records = [
        alert(number, rule_id=f"{rule}-{number}", fired_at=NOW - number, owner=owner)
        for number, owner in enumerate(("ani", None, "budi", "ani", "Ani", None, "", "ani"))
    ]
    put(landed, "alerts", *records)
    until(lambda: len(listed(landed, limit=500, subject=records[0]["subject"])) >= 2, "they are listed")
    rules = ",".join(one["rule_id"] for one in records)

    def answer(user: str | None, **query: object) -> httpx.Response:
        headers = {} if user is None else {"Authorization": f"Bearer {token(sub=user)}"}
        given = {name: str(value) for name, value in {"rule": rules, **query}.items()}
        return httpx.get(f"{landed.api.url}/api/v1/alerts", params=given, headers=headers, verify=False)

    def found(user: str | None, **query: object) -> list[int]:
        return [records.index(one) for one in answer(user, **query).json()["alerts"]]

    until(lambda: found("ani") == [0, 1, 3, 5, 7], "the sink has committed them")
    assert found(None) == found("sri") == [1, 5]
    assert found("budi") == [1, 2, 5]
    assert found("Ani") == [1, 4, 5]
    assert found("ani", own="true") == [0, 3, 7]
    assert found(None, own="true") == found("sri", own="true") == found("' OR 1", own="true") == []
    assert found("ani", rule=f"{rule}-0,{rule}-1,{rule}-2") == [0, 1]
    assert found("ani", **{"from": NOW - 4, "to": NOW}) == [1, 3]
    for user, pages in (("ani", [[0, 1], [3, 5], [7]]), ("sri", [[1, 5], []]), (None, [[1, 5], []])):
        seen: list[list[int]] = []
        cursor = ""
        while not seen or cursor:
            page = answer(user, limit=2, **({"before": cursor} if cursor else {})).json()
            seen.append([records.index(one) for one in page["alerts"]])
            cursor = page["next"]
        assert seen == pages, user
    # Somebody else is not told of one by anything that an answer has besides: a rule of another's is as one that is not there.
    one = answer("sri", rule=f"{rule}-0")
    none = answer("sri", rule="no such rule")
    assert (one.status_code, one.content) == (none.status_code, none.content)
    assert {*one.headers} == {*none.headers}
    asked = landed.api.get(
        "/api/v1/sql", query=f"SELECT count() AS n FROM alerts WHERE rule_id LIKE '{rule}%'"
    )
    assert asked.json()["data"] == [{"n": 2}]
    # The position is that of the list: what comes after it is on the stream, for the same ones, and nothing twice.
    position = answer("ani").json()["position"]
    later = alert(9, rule_id=f"{rule}-9", owner="ani")
    landed.publisher.publish(alert(8, rule_id=f"{rule}-9", owner="budi"), later, topic="alerts")
    client = SseClient(
        landed.api.url,
        {"topics": "alerts", "rule": f"{rules},{rule}-9", "last_event_id": position},
        headers={"Authorization": f"Bearer {token(sub='ani')}"},
    ).connect()
    client.expect("alerts", 1).expect("heartbeat", 2).stop()
    assert client.of("alerts") == [later]


def test_the_stream_goes_on_where_the_list_ends_and_shows_nobody_elses(landed: Landed) -> None:
    mine = f"s{landed.number()}"
    put(landed, "alerts", first := alert(1, rule_id=mine))
    committed(landed, {first["id"]})
    answers = [landed.api.get(f"/api/v1/{name}", limit=1).json() for name in ("alerts", "mentions")]
    narrow = {"topics": "alerts,mentions", "rule": mine, "severity": "critical", "keyword": mine}
    both = SseClient(
        landed.api.url,
        {
            "topics": "alerts,mentions",
            "rule": mine,
            "last_event_id": ",".join(one["position"] for one in answers),
        },
    ).connect()
    narrowed = SseClient(landed.api.url, narrow).connect().opened()
    late = [
        alert(2, rule_id=mine, owner="somebody"),
        alert(3, rule_id=mine, start=1),
        alert(4, rule_id=f"{mine}-other"),
        alert(5, rule_id=mine, severity="critical", subject=f"keyword:{mine}"),
        alert(6, rule_id=mine, severity="critical", subject=f"symbol:{mine}"),
    ]
    landed.publisher.publish(*late, topic="alerts")
    told = mention(landed.number(), keywords=[mine])
    landed.publisher.publish(told)
    both.expect("alerts", 3).expect("mentions", 1).stop()
    narrowed.expect("alerts", 1).expect("mentions", 1).stop()
    assert sorted(one["id"] for one in both.of("alerts")) == sorted(late[at]["id"] for at in (1, 3, 4))
    assert [one["id"] for one in both.of("mentions")] == [told["id"]]
    assert [one["id"] for one in narrowed.of("alerts")] == [late[3]["id"]]
    assert both.of("open")[0]["gap"] is None


def test_bars_are_the_latest_revisions_oldest_first(landed: Landed) -> None:
    symbol = f"B{landed.number()}.JK"
    days = [bar(symbol, "1d", MIDNIGHT - (3 - day) * DAY, 100.0 + day) for day in range(3)]
    minutes = [bar(symbol, "1m", NOW // MINUTE * MINUTE - step * MINUTE, 200.0 + step) for step in range(5)]
    better = bar(
        symbol, "1d", days[1]["start"], 150.0, revision=7, signals=["up"], indicators={"change": 0.5}
    )
    put(landed, "bars", better, *days, *minutes, bar("OTHER.JK", "1d", MIDNIGHT, 5.0))

    def found(**query: object) -> list[dict[str, Any]]:
        answer = landed.api.get("/api/v1/market/bars", symbol=symbol.lower(), **query).json()
        assert answer["symbol"] == symbol
        bars: list[dict[str, Any]] = answer["bars"]
        return bars

    assert found() == [days[0], better, days[2]]
    assert found(limit=2) == [better, days[2]]
    assert found(**{"from": days[1]["start"], "to": days[2]["start"]}) == [better]
    assert found(interval="1m") == minutes[::-1]
    assert landed.api.get("/api/v1/market/bars", symbol="NONE").json()["bars"] == []


def test_quotes_and_symbols(landed: Landed) -> None:
    # They are answered in the order of their names: Q10 would stand before Q9.
    number = landed.number()
    symbol, bare = f"QA{number}.JK", f"QB{number}.JK"
    quotes = [
        quote(symbol, 10.0, market_time=NOW - 5000),
        quote(symbol, 12.5),
        quote(symbol, 11.0, market_time=NOW - 1),
    ]
    put(landed, "quotes", quotes[1], quotes[0], quotes[2], quote(bare, 1.0, change=None, day_volume=None))
    put(landed, "bars", bar(symbol, "1d", MIDNIGHT, 12.0), bar(symbol, "1d", MIDNIGHT - DAY, 11.0))
    answer = landed.api.get("/api/v1/market/quotes", symbol=f"{symbol},{bare}").json()["quotes"]
    assert [(one["symbol"], one["price"]) for one in answer] == [(symbol, 12.5), (bare, 1.0)]
    assert answer[0] == quotes[1]
    known = {one["symbol"]: one for one in landed.api.get("/api/v1/market/symbols").json()["symbols"]}
    assert known[symbol]["quote"] == quotes[1]
    assert known[symbol]["intervals"] == [
        {"interval": "1d", "bars": 2, "first": MIDNIGHT - DAY, "last": MIDNIGHT, "close": 12.0}
    ]
    assert known[bare]["intervals"] == []


def test_sources_have_three_clocks_and_one_state(landed: Landed) -> None:
    # Of now: the run of all tests may have begun long ago, and a source that has not run since is late.
    now = time.time_ns() // 1_000_000
    rss = f"rss{landed.number()}"
    recent = [now - 60_000 * step for step in range(4)]
    old = now - 8 * 3_600_000
    late = [now - 3_600_000 - 60_000 * step for step in range(4)]
    put(
        landed,
        "runs",
        *(run(rss, "fine", at) for at in recent),
        run(rss, "broken", recent[1]),
        run(rss, "broken", recent[0], outcome="error", error="503 from upstream", newest_item_at=None),
        run(rss, "mended", recent[1], outcome="error", error="once"),
        run(rss, "mended", recent[0], quota_left=7),
        run(rss, "throttled", recent[0], outcome="throttled"),
        run(rss, "quiet", recent[0], outcome="empty", oldest_item_at=None, newest_item_at=None),
        run(rss, "stale", recent[0], oldest_item_at=old, newest_item_at=old),
        *(run(rss, "late", at) for at in late),
        run(rss, "unread", now - 600_000, newest_item_at=now - 600_000),
    )
    landed.say(1, collector=rss, source="fine", event_at=now)
    landed.say(1, collector=rss, source="unread", event_at=now - 700_000)
    answer = landed.api.get("/api/v1/sources").json()
    found = {one["source"]: one for one in answer["sources"] if one["collector"] == rss}
    assert {name: one["state"] for name, one in found.items()} == {
        "fine": "ok",
        "broken": "broken",
        "mended": "ok",
        "throttled": "throttled",
        "quiet": "quiet",
        "stale": "quiet",
        "late": "late",
        "unread": "late",
    }
    assert found["broken"]["last_error"] == "503 from upstream"
    assert found["mended"]["last_error"] is None
    assert found["mended"]["quota_left"] == 7
    fine = found["fine"]
    assert (fine["last_run_at"], fine["newest_item_at"], fine["newest_mention_at"]) == (now + 1000, now, now)
    assert fine["usual_pause_ms"] == 60_000
    assert fine["newest_enriched_at"] >= now
    runs = landed.api.get("/api/v1/runs", collector=rss, outcome="error,throttled").json()["runs"]
    assert [(one["source"], one["outcome"]) for one in runs[-1:]] == [("mended", "error")]
    assert len(runs) == 3
    page = landed.api.get("/api/v1/runs", collector=rss, source="fine", limit=3).json()
    assert [one["started_at"] for one in page["runs"]] == recent[:3]
    rest = landed.api.get("/api/v1/runs", collector=rss, source="fine", limit=3, before=page["next"]).json()
    assert [one["started_at"] for one in rest["runs"]] == recent[3:]


def test_a_canary_tells_whether_silence_is_quiet(landed: Landed) -> None:
    now = time.time_ns() // 1_000_000
    believed, doubted, unasked = (f"{name}{landed.number()}" for name in ("believed", "doubted", "unasked"))
    silent = {"outcome": "empty", "oldest_item_at": None, "newest_item_at": None}
    unanswered = {**silent, "outcome": "error", "error": "the answer is empty"}
    put(
        landed,
        "runs",
        *(run(collector, "only", now, **silent) for collector in (believed, doubted, unasked)),
        run(unasked, CANARY, now - 86_400_000, **unanswered),
        run(believed, CANARY, now, oldest_item_at=None, newest_item_at=now),
        run(doubted, CANARY, now, **unanswered),
    )
    # A collector that reads one thing, whose posts name others: they are its, whatever canary it has.
    landed.say(2, collector=doubted, source="another", event_at=now - 8 * 3_600_000)
    found = {
        (one["collector"], one["source"]): one for one in landed.api.get("/api/v1/sources").json()["sources"]
    }
    states = {name: one["state"] for name, one in found.items() if name[0] in (believed, doubted, unasked)}
    assert states == {
        (believed, "only"): "quiet",
        (believed, CANARY): "ok",
        (doubted, "only"): "broken",
        (doubted, CANARY): "broken",
        (unasked, "only"): "quiet",
        (unasked, CANARY): "broken",
    }
    assert "canary" in found[doubted, "only"]["reason"]
    assert [found[doubted, name]["mentions"] for name in ("only", CANARY)] == [2, 0]


def test_detailed_health_tells_of_every_step_and_of_a_sink_that_stands_still(landed: Landed) -> None:
    def steps() -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in landed.api.get("/health/detailed").json()["steps"]}

    until(lambda: steps()["clickhouse"]["state"] == "ok", "the sink has nothing left")
    assert list(steps()) == [step.name for step in FLOW]
    sink = steps()["clickhouse"]
    assert {one["topic"] for one in sink["partitions"]} == set(
        next(s for s in FLOW if s.name == "clickhouse").inputs
    )
    assert all(one["committed"] <= one["end"] for one in sink["partitions"])
    # No stage runs here: what waits for them is committed in their place, as if they had done it.
    idle_stages(landed)
    until(lambda: all(one["state"] == "ok" for one in steps().values()), "nobody has anything left")

    def healthy() -> bool:
        """On a busy machine a sample may be late, and be told of as such until the next one."""
        answer = landed.api.get("/health/detailed")
        return (answer.status_code, answer.json()["status"]) == (200, "healthy") and all(
            answer.json()["dependencies"][name]["state"] == "ok" for name in ("clickhouse", "kafka")
        )

    until(healthy, "everything is well")
    landed.say(3)
    until(lambda: steps()["clickhouse"]["last_progress_at"] is not None, "its progress is seen")
    landed.pause_sink()
    try:
        landed.say(2, lands=False)
        until(lambda: steps()["clickhouse"]["state"] == "stalled", "it is seen to stand still")

        def alone() -> bool:
            stalled = landed.api.get("/health/detailed")
            return stalled.status_code == 503 and stalled.json()["failing"] == ["clickhouse"]

        until(alone, "nothing else is")
        assert steps()["clickhouse"]["lag"] >= 2
        assert 'denyut_step_lag{step="clickhouse"}' in landed.api.get("/metrics").text
        assert landed.api.get("/health").status_code == 200, "the api itself does its work"
    finally:
        landed.resume_sink()
    until(lambda: landed.api.get("/health/detailed").status_code == 200, "it has caught up")


@pytest.mark.parametrize(
    ("path", "query", "where"),
    [
        ("alerts", {"severity": "fatal"}, ["severity", 0]),
        ("alerts", {"kind": "spike"}, ["kind", 0]),
        ("alerts", {"from": "yesterday"}, ["from"]),
        ("alerts", {"before": "junk"}, ["before"]),
        ("alerts", {"since": "1"}, ["since"]),
        ("alerts", {"limit": "501"}, ["limit"]),
        ("market/bars", {}, ["symbol"]),
        ("market/bars", {"symbol": "A", "interval": "1h"}, ["interval"]),
        ("market/bars", {"symbol": "A", "from": "2", "to": "1"}, ["from"]),
        ("market/quotes", {"interval": "1d"}, ["interval"]),
        ("runs", {"outcome": "bad"}, ["outcome", 0]),
        ("sources", {"state": "ok"}, ["state"]),
        ("stream", {"alert": "spike"}, ["alert", 0]),
        ("mentions", {"id": ""}, ["id", 0]),
    ],
)
def test_bad_parameters_are_named(
    landed: Landed, path: str, query: dict[str, str], where: list[object]
) -> None:
    answer = landed.api.get(f"/api/v1/{path}", **query)
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["detail"]] == [["query", *where]]


def test_mentions_by_id(landed: Landed) -> None:
    ids = landed.say(3)
    until(
        lambda: len(landed.api.get("/api/v1/mentions", id=",".join(ids)).json()["mentions"]) == 3,
        "all are listed",
    )
    (one,) = landed.api.get("/api/v1/mentions", id=ids[1]).json()["mentions"]
    assert one["id"] == ids[1]
