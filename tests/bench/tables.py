"""Bench of the table `mentions`: bytes and query times of its layout beside others, on rows made in the engine.

`denyut` is the table of the migrations, `plain` the same without codecs and skip indexes; the others change one thing.
Every query reads with one thread, as readers do, and without the engine's caches of answers. `--columns` compares codecs.
"""

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.migrate import migrations
from tests.bench._generated import DAYS, MENTIONS, START
from tests.bench.report import Row, report
from tests.support.clickhouse import WRITER, embedded

_BLOCK = 250_000
_RUNS = 5
_PATIENCE_S = 3600
_CODEC = re.compile(r" CODEC\((?:[^()]|\([^()]*\))*\)")
_INDEX = re.compile(r",\n {4}INDEX .*?(?=,?\n)")
_SETTINGS = {
    "max_threads": "1",
    "use_query_condition_cache": "0",
    "query_plan_direct_read_from_text_index": "1",
}
_END = f"toDateTime64('{START}', 3, 'UTC') + INTERVAL {DAYS} DAY"
_LAST = f"event_at >= {_END} - INTERVAL"

QUERIES: Mapping[str, str] = {
    "newest 50": "SELECT id, text FROM {t} ORDER BY event_at DESC, id DESC LIMIT 50",
    "newest 50 of a platform": "SELECT id, text FROM {t} WHERE platform = 'kaskus' ORDER BY event_at DESC, id DESC LIMIT 50",
    "sentiment a day of a keyword, 30 days": "SELECT toDate(event_at, 'Asia/Jakarta') AS day, sentiment, count() FROM {t} "
    f"WHERE {_LAST} 30 DAY AND has(keywords, 'k7') GROUP BY ALL",
    "mentions of a symbol, 7 days": "SELECT count(), avg(positive - negative), sum(ifNull(likes, 0)) FROM {t} "
    f"WHERE {_LAST} 7 DAY AND has(symbols, 'S3.JK')",
    "all of an author": "SELECT event_at, text FROM {t} WHERE author_id = '{author}' ORDER BY event_at",
    "one by its id": "SELECT id, text FROM {t} WHERE id = '{id}'",
    "a range of positions": "SELECT count() FROM {t} WHERE kafka_partition = 1 AND kafka_offset >= 50000 AND kafka_offset < 52000",
    "a range of origins": "SELECT count() FROM {t} WHERE origin_partition = 1 AND origin_offset >= 50000 AND origin_offset < 52000",
}
SEARCHES: Mapping[str, str] = {
    "a rare word": "SELECT count() FROM {t} WHERE hasToken(lower(text), 'kanmenta')",
    "a frequent word": "SELECT count() FROM {t} WHERE hasToken(lower(text), 'rarakanber')",
}
INDEXES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "tokenbf": ("lower(text) TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1", SEARCHES),
    "ngrambf": ("lower(text) TYPE ngrambf_v1(4, 65536, 3, 0) GRANULARITY 1", SEARCHES),
    "text": (
        "lower(text) TYPE text(tokenizer = splitByNonAlpha)",
        SEARCHES,
    ),
    "bloom_id": ("id TYPE bloom_filter(0.01) GRANULARITY 4", {"one by its id": QUERIES["one by its id"]}),
    "bloom_author": (
        "author_id TYPE bloom_filter(0.01) GRANULARITY 1",
        {"all of an author": QUERIES["all of an author"]},
    ),
    "bloom_symbols": (
        "symbols TYPE bloom_filter(0.01) GRANULARITY 1",
        {"mentions of a symbol, 7 days": QUERIES["mentions of a symbol, 7 days"]},
    ),
    "minmax_offset": (
        "kafka_offset TYPE minmax GRANULARITY 1",
        {"a range of positions": QUERIES["a range of positions"]},
    ),
    "minmax_origin": (
        "origin_offset TYPE minmax GRANULARITY 1",
        {"a range of origins": QUERIES["a range of origins"]},
    ),
}
GROUPS: Mapping[str, str] = {
    "text, title, url": "text title url",
    "id, author": "id author_id author_name author_handle author_followers author_verified",
    "times": "event_at published_at collected_at enriched_at landed_at",
    "counts": "likes shares comments views",
    "probabilities": "confidence positive negative neutral emotion_confidence emotions",
    "fingerprint": "fingerprint",
    "positions": "origin_partition origin_offset kafka_partition kafka_offset",
    "lists": "matched symbols keywords hashtags",
}
CODECS: Mapping[str, tuple[str, ...]] = {
    "text": ("LZ4", "ZSTD(1)", "ZSTD(3)", "ZSTD(6)"),
    "id": ("LZ4", "ZSTD(1)", "ZSTD(3)"),
    "author_name": ("LZ4", "ZSTD(1)", "ZSTD(3)"),
    "author_followers": ("LZ4", "ZSTD(1)", "T64, ZSTD(1)"),
    "likes": ("LZ4", "ZSTD(1)", "T64, ZSTD(1)"),
    "event_at": ("LZ4", "ZSTD(1)", "Delta, LZ4", "Delta, ZSTD(1)", "DoubleDelta, ZSTD(1)", "DoubleDelta"),
    "collected_at": ("LZ4", "ZSTD(1)", "Delta, LZ4", "Delta, ZSTD(1)", "DoubleDelta, ZSTD(1)"),
    "enriched_at": ("LZ4", "ZSTD(1)", "Delta, LZ4", "Delta, ZSTD(1)", "DoubleDelta, ZSTD(1)"),
    "positive": ("LZ4", "ZSTD(1)", "Gorilla, ZSTD(1)", "FPC, ZSTD(1)"),
    "emotions": ("LZ4", "ZSTD(1)", "ZSTD(3)"),
    "fingerprint": ("LZ4", "ZSTD(1)", "NONE"),
    "kafka_offset": (
        "LZ4",
        "ZSTD(1)",
        "Delta, LZ4",
        "Delta, ZSTD(1)",
        "DoubleDelta, ZSTD(1)",
        "T64, ZSTD(1)",
    ),
    "hashtags": ("LZ4", "ZSTD(1)", "ZSTD(3)"),
}


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=int(os.environ.get("DENYUT_BENCH_ROWS", "5000000")))
    parser.add_argument("--columns", action="store_true", help="compare codecs column by column, too")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name, embedded(Path(name) / "data") as server:
        client = clickhouse_connect.get_client(
            host="127.0.0.1",
            port=server.port,
            username=WRITER[0],
            password=WRITER[1],
            database=server.database,
            autogenerate_session_id=False,
            send_receive_timeout=_PATIENCE_S,
        )
        rows = [Row("denyut", "rows", asked.rows, "rows"), *_layouts(client, asked.rows)]
        rows += _indexes(client, asked.rows)
        if asked.columns:
            rows += _codecs(client)
        client.close()
    report("tables", rows)
    return 0


def _create() -> str:
    (statement,) = (
        one for _, _, found in migrations() for one in found if one.startswith("CREATE TABLE mentions (")
    )
    return statement


def _layouts(client: Client, rows: int) -> Iterator[Row]:
    """The table as it is, bare, and in another order; `denyut` is filled by the generator, the others from it."""
    present = _create()
    plain = _INDEX.sub("", _CODEC.sub("", present))
    by_platform = present.replace("ORDER BY (event_at, id)", "ORDER BY (platform, event_at, id)")
    for name, statement in (("denyut", present), ("plain", plain), ("by_platform", by_platform)):
        table = f"m_{name}"
        client.command(statement.replace("CREATE TABLE mentions", f"CREATE TABLE {table}"))
        columns = ", ".join(
            str(row[0])
            for row in client.query(
                f"SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{table}' ORDER BY position"
            ).result_rows
        )
        made = f"SELECT {columns} FROM ({MENTIONS})"
        if name != "denyut":
            made = f"SELECT {columns} FROM m_denyut WHERE cityHash64(id) % {max(1, rows // _BLOCK)} = {{part:UInt64}}"
        client.command(f"SYSTEM STOP MERGES {table}")
        spent = 0.0
        for part in range(max(1, rows // _BLOCK)):
            began = time.monotonic()
            client.command(
                f"INSERT INTO {table} ({columns}) {made}",
                parameters={
                    "first": part * _BLOCK,
                    "count": min(_BLOCK, rows),
                    "step": DAYS * 86_400_000 / rows,
                    "part": part,
                },
                settings={"max_insert_block_size": "300000", "min_insert_block_size_rows": "300000"},
            )
            spent += time.monotonic() - began
        client.command(f"SYSTEM START MERGES {table}")
        client.command(f"OPTIMIZE TABLE {table} FINAL", settings={"optimize_skip_merged_partitions": "1"})
        if name != "denyut":
            yield Row(name, "copied in", rows / spent, "rows/s")
        yield from _sizes(client, name, table, rows)
        yield from _times(client, name, table, QUERIES)
        if name != "denyut":
            client.command(f"DROP TABLE {table} SYNC")


def _sizes(client: Client, name: str, table: str, rows: int) -> Iterator[Row]:
    found = _figures(
        client,
        "SELECT column, sum(column_data_compressed_bytes) FROM system.parts_columns "
        f"WHERE database = currentDatabase() AND table = '{table}' AND active GROUP BY column",
    )
    codecs = client.query(
        "SELECT groupUniqArray(default_compression_codec) FROM system.parts "
        f"WHERE database = currentDatabase() AND table = '{table}' AND active"
    ).result_rows[0][0]
    yield Row(name, f"data (by default {', '.join(codecs)})", sum(found.values()) / rows, "bytes/row")
    rest = dict(found)
    for group, columns in GROUPS.items():
        yield Row(
            name, f"data: {group}", sum(rest.pop(column) for column in columns.split()) / rows, "bytes/row"
        )
    yield Row(name, "data: all others", sum(rest.values()) / rows, "bytes/row")
    indexes = client.command(
        "SELECT sum(secondary_indices_compressed_bytes) FROM system.parts "
        f"WHERE database = currentDatabase() AND table = '{table}' AND active"
    )
    yield Row(name, "skip indexes", float(str(indexes)) / rows, "bytes/row")


def _figures(client: Client, query: str) -> dict[str, float]:
    return {str(name): float(value) for name, value in client.query(query).result_rows}


def _times(client: Client, name: str, table: str, queries: Mapping[str, str]) -> Iterator[Row]:
    some = client.query(
        "SELECT id, author_id FROM m_denyut WHERE kafka_offset = 4242 AND platform = 'x' LIMIT 1"
    ).result_rows
    for what, query in queries.items():
        asked = query.replace("{t}", table).replace("{id}", some[0][0]).replace("{author}", some[0][1])
        spent = []
        for _ in range(_RUNS + 1):
            began = time.monotonic()
            client.query(asked, settings=_SETTINGS)
            spent.append(time.monotonic() - began)
        # The first reads from the disk.
        yield Row(name, what, statistics.median(spent[1:]) * 1000, "ms")


def _indexes(client: Client, rows: int) -> Iterator[Row]:
    """Each index added to the bare table, and its queries with and without."""
    table = "m_bare"
    client.command(f"CREATE TABLE {table} CLONE AS m_denyut")
    for (index,) in client.query(
        f"SELECT name FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = '{table}'"
    ).result_rows:
        client.command(f"ALTER TABLE {table} DROP INDEX {index}", settings={"mutations_sync": "2"})
    yield from _times(client, "no index", table, SEARCHES)
    yield from _times(
        client,
        "no index",
        table,
        {what: QUERIES[what] for _, asked in INDEXES.values() for what in asked if what in QUERIES},
    )
    for name, (definition, queries) in INDEXES.items():
        client.command(f"ALTER TABLE {table} ADD INDEX tried {definition}")
        began = time.monotonic()
        client.command(f"ALTER TABLE {table} MATERIALIZE INDEX tried", settings={"mutations_sync": "2"})
        yield Row(name, "index built", rows / (time.monotonic() - began), "rows/s")
        size = client.command(
            "SELECT sum(secondary_indices_compressed_bytes) FROM system.parts "
            f"WHERE database = currentDatabase() AND table = '{table}' AND active"
        )
        yield Row(name, "skip index", float(str(size)) / rows, "bytes/row")
        yield from _times(client, name, table, queries)
        client.command(f"ALTER TABLE {table} DROP INDEX tried", settings={"mutations_sync": "2"})


def _codecs(client: Client) -> Iterator[Row]:
    """Bytes of one column under each codec, in the order of the table; and its reading."""
    rows = 1_000_000
    for column, codecs in CODECS.items():
        kind = client.query(
            f"SELECT type FROM system.columns WHERE database = currentDatabase() AND table = 'm_denyut' AND name = '{column}'"
        ).result_rows[0][0]
        defined = ", ".join(f"c{at} {kind} CODEC({codec})" for at, codec in enumerate(codecs))
        client.command(
            f"CREATE TABLE tried ({defined}) ENGINE = MergeTree ORDER BY tuple()",
            settings={"allow_suspicious_codecs": "1"},
        )
        client.command(
            f"INSERT INTO tried SELECT {', '.join([column] * len(codecs))} FROM "
            f"(SELECT {column} FROM m_denyut ORDER BY event_at, id LIMIT {rows})",
            settings={"max_insert_block_size": "300000"},
        )
        client.command("OPTIMIZE TABLE tried FINAL")
        sizes = _figures(
            client,
            "SELECT column, sum(column_data_compressed_bytes) / sum(rows) FROM system.parts_columns "
            "WHERE database = currentDatabase() AND table = 'tried' AND active GROUP BY column",
        )
        for at, codec in enumerate(codecs):
            yield Row(f"{column} {codec}", "data", sizes[f"c{at}"], "bytes/row")
            yield from _times(
                client,
                f"{column} {codec}",
                "tried",
                {"read a million": f"SELECT count() FROM {{t}} WHERE NOT ignore(c{at})"},
            )
        client.command("DROP TABLE tried SYNC")


if __name__ == "__main__":
    sys.exit(main())
