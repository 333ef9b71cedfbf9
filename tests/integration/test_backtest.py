"""`python -m processors backtest` over what landed: the same alerts as the stage raised, by the reader of a real engine."""

import json
import random
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from processors.__main__ import main
from sinks.clickhouse.migrate import migrate
from sinks.clickhouse.preflight import check
from sinks.settings import ClickHouseSinkSettings
from tests.support.alerting import HOUR, bar, rule, run, topic, trend
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.desk import Desk
from tests.support.direct import land

HOURS = 300
# What is old when it lands is not kept.
BEGIN = time.time_ns() // 1_000_000 // HOUR * HOUR - (HOURS + 24) * HOUR


def day_of(number: int) -> dict[str, Any]:
    start = BEGIN + number * 24 * HOUR
    return {"id": f"AMZN:1d:{start}", "start": start, "end": start + 24 * HOUR, "computed_at": start}


def windows() -> list[Any]:
    dice = random.Random(5)
    return [
        trend(
            0,
            subject,
            start=BEGIN + hour * HOUR,
            mentions=dice.randint(10, 40),
            negative=dice.randint(0, 10),
            score=dice.gauss(1, 2),
        )
        for hour in range(HOURS)
        for subject in ("all:", "keyword:bbm")
    ]


def days() -> list[Any]:
    """Days of a symbol in some mood, by the clock of another zone than its bars'."""
    dice = random.Random(6)
    made = []
    for number in range(10):
        start = BEGIN + number * 24 * HOUR - 7 * HOUR
        negative = dice.randint(0, 20)
        mood = {"mentions": 20, "negative": negative, "positive": 20 - negative}
        made.append(trend(0, "symbol:AMZN", window="1d", start=start, end=start + 24 * HOUR, **mood))
    return made


def topics() -> list[Any]:
    dice = random.Random(8)
    made = []
    for number in range(60):
        first = BEGIN + number * HOUR
        times = {"first_seen": first, "last_seen": first + dice.randrange(2 * HOUR), "updated_at": first}
        made.append(topic(f"{number % 40:032x}", dice.randint(5, 30), revision=number, **times))
    return made


@pytest.fixture(scope="module")
def landed(clickhouse: EmbeddedClickHouse) -> Iterator[dict[str, str]]:
    """How a database with all of it is reached."""
    environment = clickhouse.environment(f"t{uuid.uuid4().hex[:10]}")
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in environment.items()}
    migrate(ClickHouseSinkSettings.model_validate({n: v for n, v in given.items() if "reader" not in n}))
    database = environment["DENYUT_CLICKHOUSE_DATABASE"]
    with clickhouse.client(database) as client:
        check(client, database)
        land(client, "trends", [*windows(), *days()])
        land(client, "topics", topics())
        land(client, "bars", [bar(0, change=0.06 * (-1) ** day, **day_of(day)) for day in range(10)])
        land(client, "runs", [run(BEGIN), run(BEGIN + HOUR), run(BEGIN + 6 * HOUR)])
    yield environment
    clickhouse.drop(database)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).isoformat()


def told(
    environment: dict[str, str],
    asked: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *more: str,
    since: int = BEGIN,
) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    file = folder / "rule.json"
    file.write_text(json.dumps(asked))
    assert main(["backtest", str(file), "--from", iso(since), "--to", iso(BEGIN + HOURS * HOUR), *more]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "asked",
    [
        rule("volume_spike", cooldown_s=7_200),
        rule("volume_spike", "keyword:*"),
        rule("sentiment_shift", "keyword:bbm", threshold=0.1),
        rule("price_move", "symbol:*"),
        rule("volume_spike", id="night", quiet_from="22:00", quiet_to="06:00", quiet_zone="Asia/Jakarta"),
        rule("divergence", "symbol:*", threshold=0.2, cooldown_s=86_400),
        rule("new_topic", "topic:*", window="1h", minimum=15),
    ],
    ids=lambda asked: f"{asked['kind']}-{asked['id']}-{asked['subject']}",
)
def test_what_landed_gives_the_alerts_of_the_stage(
    landed: dict[str, str],
    asked: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    desk = Desk([asked])
    if asked["kind"] == "new_topic":
        desk.topics(*topics())
    if asked["kind"] in ("price_move", "divergence"):
        desk.bars(*(bar(0, change=0.06 * (-1) ** day, **day_of(day)) for day in range(10)))
    desk.trends(*windows(), *days())
    lines = told(landed, asked, tmp_path, monkeypatch, capsys, "--json").splitlines()
    found = [json.loads(line) for line in lines]
    assert found
    raised = sorted(desk.alerts, key=lambda alert: (alert["fired_at"], alert["subject"]))
    assert [{**alert, "computed_at": 0} for alert in raised] == found


def test_only_what_begins_between_the_instants_is_told_and_people_can_read_it(
    landed: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = rule("source_silent", "source:rss/detik", threshold=7_200.0, id="quiet")
    whole = told(landed, asked, tmp_path, monkeypatch, capsys)
    assert whole.count("source:rss/detik") == 2
    assert "rss/detik has published nothing for 2 h, since " in whole
    assert whole.endswith("2 alerts of quiet\n")
    assert told(landed, asked, tmp_path, monkeypatch, capsys, since=BEGIN + 2 * HOUR).endswith(
        "1 alerts of quiet\n"
    )
