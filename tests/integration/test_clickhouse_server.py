"""The embedded ClickHouse is to its clients what a server is, and loses nothing it has acknowledged."""

import base64
import random
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from tests.support.clickhouse import READER, WRITER, EmbeddedClickHouse, embedded


@pytest.fixture
def writer(clickhouse: EmbeddedClickHouse, database: str) -> Iterator[Client]:
    client = clickhouse.client("default")
    client.command(f"CREATE DATABASE {database}")
    client.close()
    client = clickhouse.client(database)
    client.command(
        "CREATE TABLE t (a Int64, s LowCardinality(String), at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    yield client
    client.command(f"DROP DATABASE {database}")
    client.close()


@pytest.fixture
def reader(clickhouse: EmbeddedClickHouse, writer: Client, database: str) -> Iterator[Client]:
    client = clickhouse.client(database, READER)
    yield client
    client.close()


def test_clickhouse_connect_reads_and_writes(writer: Client) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    rows = [[1, "satu", at], [2, "d'ua\\\n", at]]
    writer.insert("t", rows, column_names=["a", "s", "at"])
    found = writer.query("SELECT a, s, at FROM t WHERE a > {low:Int64} ORDER BY a", parameters={"low": 0})
    assert [list(row)[:2] for row in found.result_rows] == [row[:2] for row in rows]
    assert writer.command("SELECT count() FROM t") == 2


def test_parameters_too_long_for_an_address_are_read(writer: Client, reader: Client) -> None:
    ids = [f"news:é'{number}" for number in range(1_000)]
    for client in (writer, reader):
        found = client.query(
            "SELECT length({ids:Array(String)}), {ids:Array(String)}[7]", parameters={"ids": ids}
        )
        assert found.result_rows == [(1_000, ids[6])]


def test_a_repeated_token_changes_nothing(writer: Client) -> None:
    for _ in range(3):
        writer.command(
            "INSERT INTO t (a, s) FORMAT JSONEachRow",
            data=b'{"a": 1, "s": "x"}',
            settings={"insert_deduplication_token": "one"},
        )
        writer.command(
            "INSERT INTO t (a, s) SELECT a, s FROM input('a Int64, s String') FORMAT JSONEachRow",
            data=b'{"a": 2, "s": "y"}',
            settings={"insert_deduplication_token": "two"},
        )
    assert writer.query("SELECT a, s FROM t ORDER BY a").result_rows == [(1, "x"), (2, "y")]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cut"])
def test_a_body_in_chunks_lands_only_with_its_end(
    clickhouse: EmbeddedClickHouse, writer: Client, database: str, *, whole: bool
) -> None:
    query = urlencode({"database": database, "query": "INSERT INTO t (a, s) FORMAT CSV"})
    token = base64.b64encode(":".join(WRITER).encode()).decode()
    head = f"POST /?{query} HTTP/1.1\r\nHost: here\r\nAuthorization: Basic {token}\r\nConnection: close\r\n"
    with socket.create_connection(("127.0.0.1", clickhouse.port)) as speaking:
        speaking.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n8\r\n1,x\n2,y\n\r\n".encode())
        if whole:
            speaking.sendall(b"0\r\n\r\n")
        else:
            speaking.shutdown(socket.SHUT_WR)
        while speaking.recv(4096):
            pass
    # Whatever the engine makes of the first, it is done with by now.
    writer.insert("t", [[3, "z"]], column_names=["a", "s"])
    found = writer.query("SELECT a FROM t ORDER BY a").result_columns
    assert [list(column) for column in found] == [[1, 2, 3] if whole else [3]]


def test_a_setting_lasts_for_its_query_only(writer: Client) -> None:
    assert writer.command("SELECT getSetting('max_threads')", settings={"max_threads": 7}) == 7
    assert writer.command("SELECT getSetting('max_threads')") != 7
    with pytest.raises(DatabaseError):
        writer.command("SELECT nothing", settings={"max_threads": 7})
    assert writer.command("SELECT getSetting('max_threads')") != 7


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO t (a) VALUES (1)", 164),
        ("CREATE TABLE x (a Int8) ENGINE = Memory", 164),
        ("SYSTEM STOP MERGES", 164),
        ("SET readonly = 0", 164),
        ("SELECT 1 SETTINGS max_threads = 9", 164),
        ("SELECT * FROM (SELECT 1 /**/ SETTINGS/**/max_memory_usage/**/=/**/1)", 164),
        ("SELECT 1 INTO OUTFILE '{folder}/out'", 164),
        ("SELECT 1 into/**/outfile '{folder}/out' FORMAT CSV", 164),
        ("SELECT * FROM file('/etc/hostname', 'LineAsString')", 164),
        ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", 164),
        ("SELECT * FROM Python(os)", 164),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT 1; DROP TABLE t", 62),
        ("", 62),
        ("SELECT * FROM nowhere", 60),
    ],
)
def test_a_reader_only_reads(reader: Client, tmp_path: Path, sql: str, code: int) -> None:
    response = _ask(reader, sql.format(folder=tmp_path))
    assert response.headers["X-ClickHouse-Exception-Code"] == str(code), response.text
    assert response.status_code >= 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'INTO OUTFILE x SETTINGS a = 1; SELECT file(1)'",
        "WITH 1 AS settings SELECT settings -- INTO OUTFILE",
        "SHOW TABLES",
        "DESCRIBE TABLE t",
        "EXPLAIN SELECT 1",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT name FROM system.settings LIMIT 1",
    ],
)
def test_a_reader_may_say_what_only_looks_forbidden(reader: Client, sql: str) -> None:
    response = _ask(reader, sql)
    assert response.status_code == 200, response.text


def test_a_reader_is_limited(reader: Client) -> None:
    for sql, code in (
        ("SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))", {"158", "159"}),
        ("SELECT groupArray(toString(number)) FROM numbers(150000000)", {"241", "159"}),
    ):
        assert _ask(reader, sql).headers["X-ClickHouse-Exception-Code"] in code
    assert _ask(reader, "SELECT 1", max_threads="9").headers["X-ClickHouse-Exception-Code"] == "164"


def test_a_reader_never_stands_among_the_hosts_files(
    clickhouse: EmbeddedClickHouse, tmp_path: Path, database: str, reader: Client
) -> None:
    """chDB's `default` has every file of the host as a table."""
    path = tmp_path / "secret.csv"
    path.write_text("secret\n")
    for params in ({}, {"database": "default"}):
        for sql in (
            f"EXISTS `{path}`",
            f"SELECT * FROM `{path}`",
            f"SELECT * FROM view(SELECT * FROM `{path}`)",
            "SELECT * FROM {named:Identifier}",
        ):
            given = {**params, "param_named": str(path)}
            response = httpx.post(clickhouse.url, params=given, content=sql, auth=READER)
            assert response.status_code >= 400, sql
            assert "secret\n" not in response.text
        response = httpx.post(clickhouse.url, params=params, content="SELECT currentDatabase()", auth=READER)
        assert response.text == "system\n"
    for sql in ("EXISTS t", f"EXISTS {database}.`t`"):
        assert _ask(reader, sql).text == "1\n"


def test_get_never_writes(clickhouse: EmbeddedClickHouse, writer: Client, database: str) -> None:
    url = clickhouse.url
    written = httpx.get(
        url, params={"query": "INSERT INTO t (a) VALUES (1)", "database": database}, auth=WRITER
    )
    assert written.headers["X-ClickHouse-Exception-Code"] == "164"
    read = httpx.get(
        url, params={"query": "SELECT count() FROM t FORMAT JSONCompact", "database": database}, auth=WRITER
    )
    assert read.headers["X-ClickHouse-Format"] == "JSONCompact"
    assert read.json()["data"] == [[0]] or read.json()["data"] == [["0"]]


@pytest.mark.parametrize("auth", [("denyut", "wrong"), ("nobody", ""), None])
def test_strangers_stay_outside(clickhouse: EmbeddedClickHouse, auth: tuple[str, str] | None) -> None:
    assert httpx.get(clickhouse.url + "/ping").text == "Ok.\n"
    response = httpx.post(clickhouse.url, content="SELECT 1", auth=auth)
    assert response.status_code == 403
    assert response.headers["X-ClickHouse-Exception-Code"] == "516"


def test_one_process_per_folder_and_a_clean_end(tmp_path: Path) -> None:
    with embedded(tmp_path / "data") as server:
        second = server.launch()
        assert second.wait(60) == 1
        assert f"is in use by process {server.process.pid if server.process else 0}" in server.log.read_text()
        server.client("default").command("CREATE TABLE kept (a Int8) ENGINE = MergeTree ORDER BY a")
        server.client("default").command("INSERT INTO kept VALUES (1)")
        assert server.stop() == 0
        server.start()
        assert server.value("SELECT count() FROM kept", "default") == 1


def test_what_was_acknowledged_survives_kills(tmp_path: Path) -> None:
    """Three kill -9s under inserts; what was under way is sent again under its token.

    Its token may be known while its rows are gone, for the engine notes the one before the other: the sink looks (ADR 4), and so do we.
    """
    dice = random.Random(7)
    with embedded(tmp_path / "data") as server:
        server.client("default").command(
            "CREATE TABLE t (a Int64, s String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10000"
        )
        sent = 0
        for _ in range(3):
            killer = threading.Timer(0.2 + dice.random() / 2, server.kill)
            killer.start()
            acknowledged = sent
            try:
                client = server.client("default")
                while True:
                    _send(client, acknowledged)
                    acknowledged += 1
            except ClickHouseError:
                killer.join()
            server.start()
            assert server.value("SELECT uniqExact(intDiv(a, 500)) FROM t", "default") >= acknowledged
            client = server.client("default")
            _send(client, acknowledged)
            if not server.value(f"SELECT count() FROM t WHERE intDiv(a, 500) = {acknowledged}", "default"):
                _send(client, acknowledged, "again")
            client.close()
            sent = acknowledged + 1
        assert sent > 3
        counts = server.rows("SELECT count(), uniqExact(a), min(a), max(a) FROM t", "default")
        assert counts == [(sent * 500, sent * 500, 0, sent * 500 - 1)]


def _send(client: Client, batch: int, token: str = "") -> None:
    rows = "".join(f"{batch * 500 + number}\trow {number}\n" for number in range(500))
    client.command(
        "INSERT INTO t (a, s) FORMAT TabSeparated",
        data=rows.encode(),
        settings={"insert_deduplication_token": f"batch {batch} {token}"},
    )


def _ask(reader: Client, sql: str, **settings: Any) -> httpx.Response:
    database = reader.database or "default"
    return httpx.post(
        str(reader.uri), params={"database": database, **settings}, content=sql, auth=READER, timeout=60
    )
