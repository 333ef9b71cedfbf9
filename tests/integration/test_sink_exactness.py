"""Exactly once, whatever is killed: the sink between any two steps, the engine, one of two workers, a block of rows."""

import random
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.tables import LANDED
from sinks.clickhouse.migrate import migrate, migrations
from sinks.settings import ClickHouseSinkSettings
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse, embedded
from tests.support.exactly import (
    assert_exact,
    count,
    counted,
    differing_keys,
    fingerprint,
    land_calmly,
    sink_settings,
)
from tests.support.landing import CODEC, mention, mentions, publish, run_sinks, start_sink
from tests.support.ledger import Ledger
from tests.support.rooms import Room
from tests.support.topics import create_topics
from tests.support.until import until

Start = Callable[..., Room]

SMALL = {"DENYUT_SINK_BATCH_ROWS": "400"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """An engine of this module's own, to be killed."""
    with embedded(tmp_path_factory.mktemp("killed") / "data") as server:
        yield server


@pytest.fixture
def start(
    engine: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, tmp_path: Path
) -> Iterator[Start]:
    create_topics(kafka.bootstrap, prefix, LANDED)
    running: list[Room] = []

    def start(**options: Any) -> Room:
        process = start_sink(engine, kafka.bootstrap, prefix, database, tmp_path / "sink.log", **options)
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
    for process in running:
        process.wait(60)
    # Shown by pytest where the test failed.
    print((tmp_path / "sink.log").read_text())


@pytest.fixture
def settings(engine: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str) -> ClickHouseSinkSettings:
    return sink_settings(engine, kafka.bootstrap, prefix, database)


def test_the_sink_dies_between_any_two_steps(
    engine: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, start: Start
) -> None:
    publish(kafka.bootstrap, prefix, "mentions", mentions(6000), transactions=12, abort_between=True)
    # What is left by the first and the third is a replay for the one after it. Of commits there may be few: one takes all that is stored.
    for step, number in (("insert", 0), ("verify", 1), ("inserted", 2), ("commit", 1)):
        dies = {"TEST_DIES_BEFORE": step, "TEST_DIES_AT": str(number)}
        sink = start(module="tests.support.dying_sink", settings={**SMALL, **dies})
        assert sink.wait(60) == -signal.SIGKILL
    start(settings=SMALL)
    until(lambda: counted(engine, database) >= 6000, "all mentions")
    assert_exact(engine, database, 6000)


def test_a_batch_with_bad_rows_dies_between_any_two_steps(
    engine: EmbeddedClickHouse,
    kafka: Broker,
    prefix: str,
    database: str,
    start: Start,
    settings: ClickHouseSinkSettings,
    tmp_path: Path,
) -> None:
    """Two that no decoder takes, one with a byte too many, two that only the table refuses: they alone do not land."""
    migrate(settings)
    client = engine.client(database)
    client.command("ALTER TABLE mentions ADD CONSTRAINT not_forbidden CHECK id NOT LIKE 'forbidden%'")
    client.close()
    good = mentions(240, 1)
    whole = good[0][1] or b""
    forbidden = [CODEC.encode("mention", {**mention(n), "id": f"forbidden{n}"}) for n in (500, 501)]
    bad = {10: whole[:-40], 11: whole[:30], 100: whole + b"\x00", 150: forbidden[0], 230: forbidden[1]}
    records = list(good)
    for at, payload in sorted(bad.items()):
        records.insert(at, (f"bad{at}", payload, 0))
    publish(kafka.bootstrap, prefix, "mentions", records, transactions=3, abort_between=True)
    dies_at = ("inserted:0", "dead_letters:0", "inserted:2")
    never = "insert:1000000"
    start(
        module="tests.support.dying_sink",
        settings={"DENYUT_SINK_LINGER_MS": "500", "TEST_DIES_AT": ",".join((*dies_at, never))},
    )
    log = tmp_path / "sink.log"
    # Asked of the log, which costs nothing, until there is something to ask the engine.
    until(lambda: log.read_text().count("dies before") == len(dies_at), "every one has died", 240)
    until(lambda: counted(engine, database) >= 240, "all good mentions")
    until(lambda: engine.value("SELECT uniqExact(id) FROM dead_letters", database) == 5, "all dead letters")
    assert_exact(engine, database, 240)
    letters = engine.rows(
        "SELECT any(reason), any(key), any(hex(raw)) FROM dead_letters GROUP BY id, origin_offset ORDER BY origin_offset",
        database,
    )
    reasons = ["undecodable", "undecodable", "undecodable", "rejected", "rejected"]
    assert letters == [
        (reason, f"bad{at}", payload.hex().upper())
        for reason, (at, payload) in zip(reasons, sorted(bad.items()), strict=True)
    ]
    said = log.read_text()
    assert re.findall(r"dies before (\w+)", said) == [step.partition(":")[0] for step in dies_at]
    assert "range_split" in said


def test_the_engine_is_killed_while_it_inserts(
    engine: EmbeddedClickHouse,
    kafka: Broker,
    prefix: str,
    database: str,
    start: Start,
    settings: ClickHouseSinkSettings,
) -> None:
    dice = random.Random(13)
    sink = start(settings={**SMALL, "DENYUT_SINK_BACKOFF_S": "0.5"})
    for part in range(2):
        publish(kafka.bootstrap, prefix, "mentions", mentions(3000, first=3000 * part))
        before = 3000 * part
        until(lambda: count(engine, database) > before, "some land")  # noqa: B023 -- called at once
        time.sleep(dice.random() / 5)
        engine.kill()
        engine.start()
    until(lambda: counted(engine, database) >= 6000, "all mentions")
    assert_exact(engine, database, 6000)
    assert sink.poll() is None, "the sink has waited for the engine"
    calm = settings.model_copy(update={"clickhouse_database": f"{database}calm"})
    land_calmly(calm)
    assert fingerprint(engine, database) == fingerprint(engine, calm.clickhouse_database)
    assert set(differing_keys(engine, database).values()) == {0}


def test_a_worker_that_slept_through_its_session_adds_nothing(
    engine: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, start: Start, tmp_path: Path
) -> None:
    first = start(settings=SMALL)
    second = start(settings=SMALL)
    log = tmp_path / "sink.log"
    until(lambda: log.read_text().count("sink_ready") == 2, "both work")
    publish(kafka.bootstrap, prefix, "mentions", mentions(3000))
    until(lambda: count(engine, database) > 0, "some land")
    first.send_signal(signal.SIGSTOP)
    publish(kafka.bootstrap, prefix, "mentions", mentions(3000, first=3000), transactions=5)
    until(lambda: count(engine, database) >= 6000, "the other has taken over")
    first.send_signal(signal.SIGCONT)
    publish(kafka.bootstrap, prefix, "mentions", mentions(1000, first=6000))
    until(lambda: counted(engine, database) >= 7000, "both work again")
    for worker in (first, second):
        worker.terminate()
    assert [worker.wait(60) for worker in (first, second)] == [0, 0]
    assert_exact(engine, database, 7000)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        pytest.param("mentions", "lost_block_restored", id="the landed table"),
        pytest.param("author_days", "lost_target_block_restored", id="the target of a view"),
    ],
)
def test_a_block_whose_token_is_known_but_whose_rows_are_gone_is_restored(
    engine: EmbeddedClickHouse,
    kafka: Broker,
    prefix: str,
    database: str,
    start: Start,
    tmp_path: Path,
    table: str,
    told: str,
) -> None:
    """What a crash between ClickHouse's note of the token and its rename of the part leaves behind."""
    publish(kafka.bootstrap, prefix, "mentions", mentions(300, 1))
    # Dies before the end of the range is committed.
    dies = {"TEST_DIES_AFTER": "inserted", "TEST_DIES_AT": "0"}
    sink = start(module="tests.support.dying_sink", settings={**dies, "DENYUT_SINK_LINGER_MS": "1500"})
    assert sink.wait(60) == -signal.SIGKILL
    until(lambda: counted(engine, database) == 300, "landed")
    assert_exact(engine, database, 300)
    paths = [
        row[0]
        for row in engine.rows(
            f"SELECT path FROM system.parts WHERE database = currentDatabase() AND table = '{table}' AND active",
            database,
        )
    ]
    assert len(paths) == 1
    engine.kill()
    shutil.rmtree(engine.folder / "store" / paths[0] if not Path(paths[0]).is_absolute() else paths[0])
    engine.start()
    assert engine.value(f"SELECT count() FROM {table}", database) == 0
    start()
    until(lambda: told in (tmp_path / "sink.log").read_text(), "restored")
    publish(kafka.bootstrap, prefix, "mentions", mentions(100, first=300))
    until(lambda: counted(engine, database) >= 400, "the next ones")
    assert_exact(engine, database, 400)
    assert (
        engine.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND name LIKE 'restore%'",
            database,
        )
        == []
    )


def test_planted_losses_are_found_and_named(
    engine: EmbeddedClickHouse,
    kafka: Broker,
    prefix: str,
    database: str,
    start: Start,
    settings: ClickHouseSinkSettings,
) -> None:
    Ledger(30, repeats=[7, 20]).publish(kafka.bootstrap, prefix)
    sink = start()
    until(
        lambda: (
            count(engine, database) == 28
            and engine.rows("SELECT (SELECT count() FROM receipts), (SELECT count() FROM posts)", database)
            == [(3, 30)]
        ),
        "landed",
    )
    sink.terminate()
    assert sink.wait(60) == 0
    holds = run_sinks(settings, "proof", "--json", "--patience", "20")
    assert holds.returncode == 0, holds.stdout
    proof = orjson.loads(holds.stdout)
    assert (proof["collected"], proof["mentions"], proof["repeats"], proof["landed"]) == (30, 28, 2, 28)
    assert [(row["source"], row["collected"], row["difference"]) for row in proof["ledger"]] == [
        ("reddit/stocknet", 15, 0),
        ("x/stocknet", 15, 0),
    ]
    client = engine.client(database)
    client.command("DELETE FROM mentions WHERE origin_offset = 12")
    client.command("DELETE FROM receipts WHERE first_offset = 20")
    client.command("INSERT INTO mentions SELECT * FROM mentions WHERE kafka_offset = 3")
    client.close()
    lost = run_sinks(settings, "proof", "--json", "--patience", "0")
    assert lost.returncode == 1
    found = {
        (one["what"], one["topic"], one["partition"], tuple(one["offsets"] or ()))
        for one in orjson.loads(lost.stdout)["differences"]
    }
    assert found == {
        ("uncovered", "posts", 0, (20, 29)),
        ("lost", "posts", 0, (12, 12)),
        ("receipt", "posts", 0, (0, 9)),
        ("receipt", "posts", 0, (10, 19)),
        ("doubled", "mentions", 0, (3, 3)),
        ("metrics", "mentions", 0, ()),
        ("ledger", None, None, ()),
    }
    text = run_sinks(settings, "proof", "--patience", "0", "--source", "x/stocknet")
    assert text.returncode == 1
    assert "DIFFERENCE lost: posts[0] offsets 12-12: expected 1, found 0" in text.stdout
    assert "reddit/stocknet" not in text.stdout
    never = run_sinks(settings, "proof", "--patience", "0", "--from", "2000-01-01", "--to", "2000-01-02")
    assert (never.returncode, never.stdout) == (
        0,
        "collected 0 = mentions 0 + repeats 0 + dead letters 0; mentions landed 0\nthe proof holds: difference 0\n",
    )


def test_migrate_can_be_cut_short(
    engine: EmbeddedClickHouse, settings: ClickHouseSinkSettings, database: str
) -> None:
    migrate(settings)
    client = engine.client(database)
    client.command("ALTER TABLE migrations DELETE WHERE number > 1", settings={"mutations_sync": 2})
    client.close()
    later = sum(len(statements) for number, _, statements in migrations() if number > 1)
    assert migrate(settings) == later
