"""The connection to ClickHouse over HTTP: pinned settings, and errors turned into decisions."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from urllib.parse import urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    ClickHouseError,
    DatabaseError,
    OperationalError,
    StreamFailureError,
)
from urllib3.exceptions import HTTPError

from schemas.errors import Fatal, Retryable
from schemas.settings import ClickHouseWriterSettings
from sinks.clickhouse.codes import decided

ONE_BLOCK_ROWS = 2_000_000
"""More rows than any batch: an insert is one block, so one part in each table partition, so all or nothing there."""

PINNED: Mapping[str, str] = MappingProxyType(
    {
        "async_insert": "0",
        "wait_end_of_query": "1",
        "insert_deduplicate": "1",
        "deduplicate_insert": "enable",
        # INSERT … SELECT FROM input() is deduplicated by token only where this says so.
        "deduplicate_insert_select": "force_enable",
        "deduplicate_blocks_in_dependent_materialized_views": "1",
        "materialized_views_ignore_errors": "0",
        "max_insert_threads": "1",
        "max_threads": "1",
        "max_insert_block_size": str(ONE_BLOCK_ROWS),
        "min_insert_block_size_rows": str(ONE_BLOCK_ROWS),
        "min_insert_block_size_bytes": str(1 << 30),
        "min_insert_block_size_rows_for_materialized_views": str(ONE_BLOCK_ROWS),
        "min_insert_block_size_bytes_for_materialized_views": str(1 << 30),
        "max_partitions_per_insert_block": "1000",
        "input_format_avro_allow_missing_fields": "0",
        "input_format_avro_null_as_default": "0",
        "input_format_null_as_default": "0",
    }
)
"""Every setting landing relies on, sent with each insert."""

_OLDER_SERVERS_LACK = ("deduplicate_insert", "deduplicate_insert_select")
_LEAST_TIMEOUT_S = 5


def connect(settings: ClickHouseWriterSettings, timeout_s: int, *, database: bool = True) -> Client:
    """A client of the writer; raises Retryable where ClickHouse is not there, Fatal where it refuses us."""
    url = urlsplit(settings.clickhouse_url)
    if url.hostname is None or url.scheme not in {"http", "https"}:
        raise Fatal(f"DENYUT_CLICKHOUSE_URL is no HTTP address: {settings.clickhouse_url!r}")
    with decisions():
        return clickhouse_connect.get_client(
            host=url.hostname,
            port=url.port or (8443 if url.scheme == "https" else 8123),
            interface=url.scheme,
            username=settings.clickhouse_user,
            password=settings.clickhouse_password.get_secret_value(),
            database=settings.clickhouse_database if database else "default",
            # Each client is used by one thread, and a server would let one session do one thing at a time.
            autogenerate_session_id=False,
            connect_timeout=_LEAST_TIMEOUT_S,
            send_receive_timeout=timeout_s,
            query_retries=0,
            dedicated_pool=True,
        )


def pinned(client: Client) -> dict[str, str]:
    """The pinned settings this server knows; raises Fatal where one that every version has is missing."""
    known = {**PINNED}
    for name in PINNED:
        if name == "wait_end_of_query" or name in client.server_settings:
            continue
        if name not in _OLDER_SERVERS_LACK:
            raise Fatal(f"this ClickHouse does not know the setting {name}")
        del known[name]
    return known


@contextmanager
def decisions() -> Iterator[None]:
    """Turns what clickhouse-connect raises into Retryable or Fatal, by `sinks.clickhouse.codes`."""
    try:
        yield
    except (OperationalError, StreamFailureError, HTTPError, OSError) as error:
        raise Retryable(f"ClickHouse does not answer: {error}") from error
    except DatabaseError as error:
        if error.code is None:
            raise Retryable(f"ClickHouse cannot do it now: {error}") from error
        raise decided(error.code, str(error)) from error
    except ClickHouseError as error:
        raise Fatal(f"ClickHouse: {error}") from error
