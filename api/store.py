"""ClickHouse as the api sees it: read-only queries with parameters bound by the server, off the event loop."""

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError
from urllib3.exceptions import ReadTimeoutError

from api.settings import ApiSettings
from schemas.errors import Retryable

_PROBE_S = 3.0
_LATER = frozenset(
    # no such table or database yet; too many queries, timeouts, network; cancelled
    {60, 81, 202, 209, 210, 203, 242, 425, 394, 999}
)
_TOO_MUCH = frozenset(
    # rows or bytes to read, time, memory, result
    {158, 307, 159, 160, 241, 396}
)


class TooMuch(Retryable):
    """The query reached one of the reader's limits, or took longer than anybody waits for it."""


class Store:
    """Connects when first asked; every method raises Retryable where ClickHouse cannot answer.

    Args:
        settings: where ClickHouse is.
        login: user and password; None: the reader's.
    """

    def __init__(self, settings: ApiSettings, login: tuple[str, str] | None = None) -> None:
        self._settings = settings
        self._user, self._password = login or (
            settings.clickhouse_reader_user,
            settings.clickhouse_reader_password.get_secret_value(),
        )
        self._client: Client | None = None
        self._connecting = threading.Lock()

    async def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of a query as dictionaries; `{name:Type}` in `sql` stands for a parameter."""
        # An answer that comes byte by byte would never time out by itself; nor would the wait for a free thread.
        patience = self._settings.clickhouse_timeout_s
        try:
            async with asyncio.timeout(patience):
                return await asyncio.to_thread(self._rows, sql, dict(parameters))
        except TimeoutError:
            raise TooMuch(f"ClickHouse did not answer within {patience:g} s") from None

    async def probe(self) -> None:
        """Return if ClickHouse answers."""
        try:
            async with asyncio.timeout(_PROBE_S):
                await self.rows("SELECT 1 AS one", {})
        except TimeoutError:
            raise Retryable(f"ClickHouse did not answer within {_PROBE_S} s") from None

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()

    def _rows(self, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        try:
            # What comes after the first block is read only here.
            return list(self._connected().query(sql, parameters=parameters).named_results())
        except (ClickHouseError, OSError) as error:
            code = error.code if isinstance(error, DatabaseError) else None
            if code in _TOO_MUCH or isinstance(error.__cause__, ReadTimeoutError):
                raise TooMuch(_reason(error)) from error
            if code is not None and code not in _LATER:
                raise
            raise Retryable(_reason(error)) from error

    def _connected(self) -> Client:
        # Connecting asks the server about itself, so it may fail as any query may.
        with self._connecting:
            if self._client is None:
                self._client = clickhouse_connect.get_client(
                    dsn=self._settings.clickhouse_url,
                    username=self._user,
                    password=self._password,
                    database=self._settings.clickhouse_database,
                    autogenerate_session_id=False,
                    connect_timeout=3,
                    send_receive_timeout=self._settings.clickhouse_timeout_s,
                )
            return self._client


def _reason(error: Exception) -> str:
    """One short line."""
    return f"ClickHouse: {(str(error).splitlines() or [type(error).__name__])[0][:300]}"
