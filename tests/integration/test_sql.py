"""A client's SQL, through the api and through `deploy sql`: everything that is refused or stopped, and how it is told."""

import argparse
import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from pydantic import ValidationError

import api.sql as sql_module
from api.app import create
from api.services import Services
from api.settings import ApiSettings
from api.sql import SqlReader, SqlRefused
from api.store import Store
from deploy.clickhouse.settings import EmbeddedClickHouseSettings
from deploy.commands.base import Asked
from deploy.commands.sql import COMMAND
from deploy.folder import DataFolder
from deploy.settings import DeploySettings
from schemas.errors import Backpressure, Fatal
from sinks.clickhouse.migrate import migrate
from sinks.settings import ClickHouseSinkSettings
from tests.support import rooms
from tests.support.api import Api
from tests.support.clickhouse import OWNERS, READER, WRITER, EmbeddedClickHouse
from tests.support.limited_sql import api_over, given, limited, stack_folder
from tests.support.refused_sql import LONG, REFUSED
from tests.support.rooms import ROOT


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    with limited(tmp_path_factory.mktemp("sql")) as server:
        yield server


@pytest.fixture(scope="module")
def landed(clickhouse: EmbeddedClickHouse) -> str:
    """A database with more posts than a reader may read at once, of twenty days."""
    settings = {
        "clickhouse_url": clickhouse.url,
        "clickhouse_user": WRITER[0],
        "clickhouse_password": WRITER[1],
        "clickhouse_database": "landed",
    }
    migrate(ClickHouseSinkSettings.model_validate(settings))
    writer = clickhouse.client("landed")
    writer.command(
        "INSERT INTO posts (id, platform, source, text, event_at, collected_at, kafka_partition, kafka_offset) "
        "SELECT toString(number), 'x', 's', '', at, at, 0, number "
        "FROM (SELECT number, toStartOfHour(now('UTC')) - toIntervalHour(1 + number % 480) AS at FROM numbers(200000))"
    )
    writer.close()
    return "landed"


@pytest.fixture(scope="module")
def api(clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_over(clickhouse, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return stack_folder(clickhouse, tmp_path_factory.mktemp("stack"))


@pytest.mark.parametrize(("sql", "kind", "word"), REFUSED)
def test_the_api_refuses_or_stops_with_a_reason(
    api: Api, tmp_path: Path, sql: str, kind: str, word: str
) -> None:
    asked = sql.format(folder=tmp_path)
    started = time.monotonic()
    answer = api.get("/api/v1/sql", query=asked, format="CSV")
    assert answer.status_code == 422, answer.text[:300]
    assert answer.headers["content-type"] == "application/json"
    (problem,) = answer.json()["detail"]
    assert (problem["loc"], problem["type"]) == (["query", "query"], kind), problem
    assert word in problem["msg"]
    assert "DB::Exception" not in problem["msg"]
    assert list(tmp_path.iterdir()) == []
    assert time.monotonic() - started < 60
    again = api.get("/api/v1/sql", query="SELECT 1 AS one", format="CSV")
    assert (again.status_code, again.text) == (200, "1\n"), "what was refused leaves no trace"


@pytest.mark.parametrize(("sql", "kind", "word"), REFUSED[::3])
def test_the_body_may_be_the_statement(api: Api, tmp_path: Path, sql: str, kind: str, word: str) -> None:
    answer = httpx.post(
        api.url + "/api/v1/sql", content=sql.format(folder=tmp_path), params={"format": "TSV"}, timeout=30
    )
    (problem,) = answer.json()["detail"]
    assert (answer.status_code, problem["loc"], problem["type"]) == (422, ["body"], kind)
    assert word in problem["msg"]


@pytest.mark.parametrize(("sql", "kind", "word"), REFUSED)
def test_the_command_refuses_and_stops_the_same(
    folder: DataFolder,
    tmp_path: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    sql: str,
    kind: str,
    word: str,
) -> None:
    options = argparse.Namespace(query=sql.format(folder=tmp_path), format="TSV")
    with pytest.raises(Fatal) as refused:
        COMMAND.act(Asked(DeploySettings(), folder, options))
    assert word in str(refused.value)
    assert capfdbinary.readouterr().out == b""
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_rows_or_one_clear_line(folder: DataFolder) -> None:
    def ask(*words: str) -> "subprocess.CompletedProcess[str]":
        return rooms.run(["deploy", "sql", "--data", str(folder.root), *words], os.environ)

    done = ask("SELECT 1", "--format", "NoSuchFormat")
    assert (done.returncode, done.stdout) == (1, "")
    told = done.stderr
    assert "Unknown format NoSuchFormat" in told
    assert "Traceback" not in told
    done = ask("SELECT n FROM big ORDER BY n LIMIT 2", "--format", "JSONEachRow")
    assert [json.loads(line) for line in done.stdout.splitlines()] in (
        [{"n": 0}, {"n": 1}],
        [{"n": "0"}, {"n": "1"}],
    )


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({}, ["query", "query"]),
        ({"query": ""}, ["query", "query"]),
        ({"query": "SELECT 1", "format": "CSV; DROP"}, ["query", "format"]),
        ({"query": "SELECT 1", "max_execution_time": "99"}, ["query", "max_execution_time"]),
        ({"query": "SELECT 1", "database": "system"}, ["query", "database"]),
    ],
)
def test_parameters_are_checked(api: Api, query: dict[str, str], where: list[str]) -> None:
    answer = api.get("/api/v1/sql", **query)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == where


def test_a_query_that_no_clock_stops_keeps_its_turn_and_leaves_the_page_its_reader(
    clickhouse: EmbeddedClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_module, "_PATIENCE_S", 0.2)
    settings = ApiSettings.model_validate({**given(clickhouse), "sql_wait_s": 1})
    # One block, which takes seconds: max_execution_time is looked at behind it.
    stuck = "SELECT sum(editDistance(repeat('a', 30000) || toString(number), repeat('b', 30000))) FROM numbers({})"

    async def told(reader: SqlReader, sql: str) -> str:
        try:
            answer = await reader.ask(sql, "TSV")
        except (SqlRefused, Backpressure) as refused:
            return str(refused)
        body = b"".join([chunk async for chunk in answer.chunks()])
        await reader.done(answer)
        return body.decode()

    async def freed(reader: SqlReader) -> None:
        async with asyncio.timeout(120):
            while await told(reader, "SELECT 1") != "1\n":
                pass

    async def trial() -> None:
        began = time.monotonic()
        await told(reader := SqlReader(settings), stuck.format(1))
        each = max(0.2, time.monotonic() - began)
        await freed(reader)
        # Many times what the next one waits, should the machine be less busy than it was just now.
        assert await told(reader, stuck.format(round(6 / each) + 1)) == "no answer within 1 s"
        assert "other SQL queries" in await told(reader, "SELECT 1")
        store = Store(settings)
        await store.probe()
        store.close()
        await freed(reader)
        await reader.close()

    asyncio.run(trial())


def test_the_page_of_another_site_may_not_ask(api: Api) -> None:
    for method in ("GET", "POST"):
        for site, status in (("cross-site", 403), ("same-origin", 200), ("none", 200)):
            answer = httpx.request(
                method,
                api.url + "/api/v1/sql",
                params={"query": "SELECT 1"} if method == "GET" else {},
                content=b"SELECT 1" if method == "POST" else None,
                headers={"Sec-Fetch-Site": site},
            )
            assert answer.status_code == status, answer.text


def test_sql_may_be_switched_off(clickhouse: EmbeddedClickHouse, tmp_path: Path) -> None:
    own = Api("127.0.0.1:9", "sql.", tmp_path / "api.log", **given(clickhouse), sql_queries=0).start(
        live=False
    )
    try:
        for answer in (
            own.get("/api/v1/sql", query="SELECT 1"),
            httpx.post(own.url + "/api/v1/sql", content=b"SELECT 1"),
        ):
            assert answer.status_code == 404
            assert "DENYUT_SQL_QUERIES" in answer.json()["detail"]
    finally:
        assert own.stop() == 0


@pytest.mark.parametrize(
    "wrong", [{"sql_queries": 2}, {"clickhouse_readers": 1}, {"clickhouse_database": "default"}]
)
def test_the_engine_refuses_settings_that_leave_the_page_no_reader(wrong: dict[str, object]) -> None:
    given = {"clickhouse_password": "w", "clickhouse_reader_password": "r"}
    with pytest.raises(ValidationError):
        EmbeddedClickHouseSettings.model_validate({**given, **wrong})
    EmbeddedClickHouseSettings.model_validate({**given, "clickhouse_readers": 1, "sql_queries": 0})


def test_an_alert_of_somebody_is_hidden(
    api: Api, folder: DataFolder, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for sql in (
        "SELECT id FROM alerts",
        "SELECT a.id FROM denyut.alerts AS a",
        "SELECT id FROM (SELECT * FROM alerts)",
        "WITH a AS (SELECT * FROM alerts) SELECT id FROM a",
        "SELECT arrayJoin(['ours', 'mine']) AS id WHERE id IN (SELECT id FROM alerts)",
    ):
        assert api.get("/api/v1/sql", query=sql, format="TSV").text == "ours\n", sql
    options = argparse.Namespace(query="SELECT id FROM alerts", format="TSV")
    assert COMMAND.act(Asked(DeploySettings(), folder, options)) == 0
    assert capfdbinary.readouterr().out == b"ours\n"


def test_the_owners_reader_sees_every_alert_and_writes_none(clickhouse: EmbeddedClickHouse) -> None:
    def answer(method: str, sql: str, user: tuple[str, str]) -> httpx.Response:
        given = {"query": sql, "database": clickhouse.database}
        headers = {"X-ClickHouse-User": user[0], "X-ClickHouse-Key": user[1]}
        return httpx.request(method, clickhouse.url, params=given, headers=headers, timeout=30)

    for method in ("GET", "POST"):
        assert answer(method, "SELECT id FROM alerts ORDER BY id", OWNERS).text == "mine\nours\n"
        assert answer(method, "SELECT id FROM alerts", READER).text == "ours\n"
    for sql in ("INSERT INTO alerts VALUES ('a', 'b')", "DROP TABLE alerts", "SET readonly = 0"):
        assert answer("POST", sql, OWNERS).headers["x-clickhouse-exception-code"] == "164", sql
    assert answer("GET", "SELECT 1", (OWNERS[0], READER[1])).status_code == 403


def test_what_others_ask_is_hidden(clickhouse: EmbeddedClickHouse, api: Api) -> None:
    """The engine is one user to itself: the reader would be shown everybody's queries, with the names they ask for."""
    running = "SELECT count() FROM system.processes"
    assert clickhouse.value(running) == 1, "itself"
    for sql in (running, running.replace("system.", "system . "), f"SELECT * FROM ({running})"):
        assert api.get("/api/v1/sql", query=sql, format="TSV").text == "0\n", sql
    assert api.get("/api/v1/sql", query="SHOW PROCESSLIST", format="TSV").text == ""


def test_other_queries_wait_their_turn_and_are_told_when_to_come_back(api: Api) -> None:
    # Each is stopped after a second and there is one place: of twelve some get their turn, some are sent away.
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: api.get("/api/v1/sql", query=LONG), range(12)))
    assert {answer.status_code for answer in answers} == {422, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
            assert "other SQL queries" in answer.json()["detail"]
    assert 'denyut_sql_queries_total{outcome="runs_too_long"}' in api.get("/metrics").text


def test_a_server_is_given_the_same_limits() -> None:
    """The user file for a ClickHouse server says what the embedded reader is held to."""
    path = ROOT / "deploy" / "clickhouse-server" / "users.d" / "denyut_reader.xml"
    tree = ET.parse(path)
    profile = {one.tag: one.text for one in tree.iterfind("./profiles/denyut_reader/*")}
    embedded = EmbeddedClickHouseSettings.model_validate(
        {"clickhouse_password": "w", "clickhouse_reader_password": "r"}
    )
    assert {name: int(profile[name] or -1) for name in embedded.reader_limits()} == embedded.reader_limits()
    assert profile["readonly"] == "1"
    user = tree.find("./users/denyut_reader")
    assert user is not None
    assert user.findtext("profile") == "denyut_reader"
    password = user.find("password")
    assert password is not None
    assert password.attrib == {"from_env": "DENYUT_CLICKHOUSE_READER_PASSWORD"}
    assert user.findtext("./databases/denyut/alerts/filter") == "owner IS NULL"


def test_every_setting_of_the_servers_profile_exists(clickhouse: EmbeddedClickHouse) -> None:
    path = ROOT / "deploy" / "clickhouse-server" / "users.d" / "denyut_reader.xml"
    names = {one.tag for one in ET.parse(path).iterfind("./profiles/denyut_reader/*")}
    known = {row[0] for row in clickhouse.rows("SELECT name FROM system.settings")}
    assert names <= known


async def test_a_proof_that_is_too_large_asks_for_bounds(clickhouse: EmbeddedClickHouse, landed: str) -> None:
    settings = ApiSettings.model_validate(
        {
            "clickhouse_url": clickhouse.url,
            "clickhouse_reader_user": READER[0],
            "clickhouse_reader_password": READER[1],
            "clickhouse_database": landed,
        }
    )
    services = Services(settings)
    # Without its lifespan: the proof needs no Kafka.
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create(services)), base_url="http://api", verify=False
    ) as client:
        whole = await client.get("/api/v1/proof", params={"patience": 0})
        hour = int(time.time()) // 3600 * 3_600_000 - 5 * 3_600_000
        bounds = {"from": hour, "to": hour + 3_600_000, "patience": 0}
        # A reader of this engine has a second: on a busy machine that may be too little for a part, too.
        async with asyncio.timeout(120):
            while (part := await client.get("/api/v1/proof", params=bounds)).status_code != 200:
                pass
    await services.sql.close()
    services.store.close()
    (problem,) = whole.json()["detail"]
    assert (whole.status_code, problem["loc"], problem["type"]) == (422, ["query", "from"], "too_large")
    assert "give `from` and `to`" in problem["msg"]
    # No receipt tells of these posts: a stretch of the offsets of all that hour's.
    (missing,) = part.json()["differences"]
    assert (missing["what"], missing["topic"], missing["partition"]) == ("uncovered", "posts", 0)
