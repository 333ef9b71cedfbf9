"""The forms in which a client's SQL is answered, through the api and through `deploy sql`: what each is told as, and whether it can be read."""

import argparse
from collections.abc import Iterator

import httpx
import pyarrow as pa
import pytest
from pyarrow import compute, csv, ipc, parquet

from deploy.commands.base import Asked
from deploy.commands.sql import COMMAND
from deploy.folder import DataFolder
from deploy.settings import DeploySettings
from tests.support.api import Api
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.limited_sql import api_over, limited, stack_folder


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    with limited(tmp_path_factory.mktemp("sql")) as server:
        yield server


@pytest.fixture(scope="module")
def api(clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_over(clickhouse, tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def folder(clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory) -> DataFolder:
    return stack_folder(clickhouse, tmp_path_factory.mktemp("stack"))


def test_an_unknown_format_is_refused(api: Api) -> None:
    (problem,) = api.get("/api/v1/sql", query="SELECT 1", format="NoSuchFormat").json()["detail"]
    assert problem["type"] == "unknown_format"


@pytest.mark.parametrize(
    ("output", "media", "body"),
    [
        ("JSONEachRow", "application/x-ndjson", b'{"one":1,"two":"dua"}\n'),
        ("CSVWithNames", "text/csv; charset=utf-8", b'"one","two"\n1,"dua"\n'),
        ("TabSeparated", "text/plain; charset=utf-8", b"1\tdua\n"),
        ("RowBinary", "application/octet-stream", b"\x01\x03dua"),
    ],
)
def test_formats_and_their_media_types(api: Api, output: str, media: str, body: bytes) -> None:
    answer = api.get("/api/v1/sql", query="SELECT 1 AS one, 'dua' AS two;", format=output)
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media, body)
    named = api.get("/api/v1/sql", query=f"SELECT 1 AS one, 'dua' AS two FORMAT {output}")
    assert (named.headers["content-type"], named.content) == (media, body)


@pytest.mark.parametrize(
    ("query", "named", "media"),
    [
        ("SELECT 1 -- FORMAT HTML", "CSV", "text/csv; charset=utf-8"),
        ("SELECT 1 /* */ FORMAT JSON /* x */", "JSON", "application/json"),
        ("SELECT 1 FORMAT `JSON`", "JSON", "application/json"),
        ("SELECT 1 format json", "JSON", "application/json"),
        ("SELECT 1 AS FORMAT ORDER BY FORMAT DESC", "CSV", "text/csv; charset=utf-8"),
    ],
)
def test_the_format_that_is_told_is_the_bodys(api: Api, query: str, named: str, media: str) -> None:
    answer = api.get("/api/v1/sql", query=query, format="csv")
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-clickhouse-format"], answer.headers["content-type"]) == (named, media)
    assert (answer.text == "1\n") == (named == "CSV")


def test_a_large_answer_arrives_whole(api: Api) -> None:
    with httpx.stream(
        "GET", api.url + "/api/v1/sql", params={"query": "SELECT number FROM numbers(49000)", "format": "TSV"}
    ) as answer:
        assert answer.status_code == 200
        chunks = list(answer.iter_raw())
    assert b"".join(chunks).split() == [str(number).encode() for number in range(49000)]
    assert len(chunks) > 1


@pytest.mark.parametrize(
    ("output", "media"),
    [
        ("Parquet", "application/vnd.apache.parquet"),
        ("Arrow", "application/vnd.apache.arrow.file"),
        ("ArrowStream", "application/vnd.apache.arrow.stream"),
        ("CSVWithNames", "text/csv; charset=utf-8"),
    ],
)
def test_an_export_comes_in_pieces_and_can_be_read(
    api: Api, folder: DataFolder, capfdbinary: pytest.CaptureFixture[bytes], output: str, media: str
) -> None:
    """By the api and by the command, with numbers, text, times, lists and what is missing."""
    query = (
        "SELECT n, if(n % 2 = 0, NULL, toString(sipHash64(n))) AS text, toDateTime64(n, 3, 'UTC') AS at, "
        "toLowCardinality(toString(n % 3)) AS few, [n, 1] AS list FROM big WHERE n < 8000 ORDER BY n"
    )
    with httpx.stream("GET", api.url + "/api/v1/sql", params={"query": query, "format": output}) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, media)
        pieces = list(answer.iter_raw())
    assert len(pieces) > 1
    assert COMMAND.act(Asked(DeploySettings(), folder, argparse.Namespace(query=query, format=output))) == 0
    for whole in (b"".join(pieces), capfdbinary.readouterr().out):
        table = _read(output, whole)
        assert table.column_names == ["n", "text", "at", "few", "list"]
        assert table.num_rows == 8_000
        assert compute.sum(table["n"]).as_py() == 31_996_000
        assert table["text"].null_count == (0 if output.startswith("CSV") else 4_000)
        row = {name: cells[0] for name, cells in table.slice(4, 1).to_pydict().items()}
        assert (row["n"], row["few"]) == (4, 1 if output.startswith("CSV") else "1")
        if not output.startswith("CSV"):
            assert row["list"] == [4, 1]
            assert row["at"].isoformat() == "1970-01-01T00:00:04+00:00"


def _read(output: str, whole: bytes) -> pa.Table:
    """What pyarrow makes of it."""
    source = pa.BufferReader(whole)
    if output == "Parquet":
        return parquet.read_table(source)
    if output == "Arrow":
        return ipc.open_file(source).read_all()
    if output == "ArrowStream":
        return ipc.open_stream(source).read_all()
    return csv.read_csv(source)
