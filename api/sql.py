"""A client's own SQL: one reading statement as ClickHouse's reader, its answer handed on as it comes."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import httpx

from api.settings import ApiSettings
from api.telemetry import SQL_QUERIES
from schemas.errors import Backpressure, Retryable

_TRANSFERS = 8
_PATIENCE_S = 3.0
_RETRY_S = 3.0
_MESSAGE_CHARS = 600

_KINDS: Mapping[int, str] = MappingProxyType(
    {
        62: "syntax",
        73: "unknown_format",
        158: "reads_too_much",
        159: "runs_too_long",
        160: "runs_too_long",
        164: "not_allowed",
        241: "needs_too_much_memory",
        307: "reads_too_much",
        396: "returns_too_much",
        497: "not_allowed",
    }
)
"""ClickHouse's error codes by what they mean to whoever asks; all others are faults of the query."""

_LATER = frozenset(
    # too many queries, timeouts, network; cancelled or unknown; and our own credentials, which is nobody's query's fault
    {202, 203, 209, 210, 242, 394, 425, 999, 192, 193, 194, 516}
)
_NOISE = re.compile(r"(?:Code: \d+\. )?DB::Exception: |\s*\(version [^)]*\)|Code: \d+\. ")


class SqlRefused(Exception):  # noqa: N818 -- named for the decision, not the mishap
    """ClickHouse refused or stopped the query; `kind` names why, `code` is ClickHouse's where it has one."""

    def __init__(self, kind: str, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code


class SqlAnswer:
    """The answer to a query: its format, and its bytes once."""

    def __init__(self, response: httpx.Response, limit: int, seconds: float) -> None:
        self.format = response.headers.get("x-clickhouse-format", "")
        self._response = response
        self._limit = limit
        self._seconds = seconds

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. What grows beyond the limit or is read too slowly is cut, never ended as if whole."""
        size = 0
        async with asyncio.timeout(self._seconds):
            async for chunk in self._response.aiter_raw():
                size += len(chunk)
                if size > self._limit:
                    raise Retryable(f"a SQL answer was cut at {self._limit} bytes")
                yield chunk

    async def close(self) -> None:
        """Let go of the connection."""
        await self._response.aclose()


class SqlReader:
    """Asks as the read-only user, whose limits are ClickHouse's own; a few queries at a time.

    So the page's own queries always find a reader that is free: a turn ends when ClickHouse has ended, which looks at
    its clock between blocks only, and may be long after nobody waits any more.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._limit = settings.sql_answer_mb << 20
        self._running = asyncio.Semaphore(settings.sql_queries)
        self._open = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(5, read=None),
            # Nothing else would notice that the machine at the other end is gone.
            transport=httpx.AsyncHTTPTransport(socket_options=[(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]),
            headers={
                "X-ClickHouse-User": settings.clickhouse_reader_user,
                "X-ClickHouse-Key": settings.clickhouse_reader_password.get_secret_value(),
                "Accept-Encoding": "identity",
            },
        )

    async def ask(self, query: str, output: str) -> SqlAnswer:
        """Run one statement; the answer comes in the format `output` unless the statement names one.

        The answer must be handed to `done`. Raises SqlRefused, Backpressure where others ask, Retryable where ClickHouse
        is not there.
        """
        await self._turn()
        asking = asyncio.create_task(self._head(query, output))
        self._keep(asking)
        asking.add_done_callback(lambda _: self._running.release())
        try:
            response = await self._waited(asking)
        except SqlRefused as refused:
            SQL_QUERIES.labels(outcome=refused.kind).inc()
            raise
        SQL_QUERIES.labels(outcome="ok").inc()
        self._open += 1
        return SqlAnswer(response, self._limit, self._settings.sql_transfer_s)

    async def done(self, answer: SqlAnswer) -> None:
        """The answer has been read, or nobody reads it any more."""
        self._open -= 1
        with suppress(httpx.HTTPError):
            await answer.close()

    async def close(self) -> None:
        """Close the connections, wanted or not."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()

    async def _waited(self, asking: "asyncio.Task[httpx.Response]") -> httpx.Response:
        """What `asking` gives, if it comes in time; if it comes later, it is let go."""
        try:
            async with asyncio.timeout(self._settings.sql_wait_s):
                return await asyncio.shield(asking)
        except TimeoutError:
            asking.add_done_callback(self._left)
            waited = f"no answer within {self._settings.sql_wait_s:g} s"
            raise SqlRefused("runs_too_long", waited) from None
        except asyncio.CancelledError:
            asking.add_done_callback(self._left)
            raise

    def _left(self, asking: "asyncio.Task[httpx.Response]") -> None:
        if not asking.cancelled() and asking.exception() is None:
            self._keep(asyncio.ensure_future(asking.result().aclose()))

    def _keep(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _turn(self) -> None:
        if self._open >= _TRANSFERS:
            raise Backpressure("too many SQL answers are still being read", retry_after=_RETRY_S)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._running.acquire()
        except TimeoutError:
            raise Backpressure("other SQL queries are running", retry_after=_RETRY_S) from None

    async def _head(self, query: str, output: str) -> httpx.Response:
        """The answer up to its body, which is known to be whole and not too large."""
        # A server then decides before it answers: an error has its status, never stands in the middle of a result.
        asked = {
            "database": self._settings.clickhouse_database,
            "default_format": output,
            "wait_end_of_query": "1",
        }
        try:
            request = self._client.build_request(
                "POST", self._settings.clickhouse_url, params=asked, content=query.encode()
            )
            response = await self._client.send(request, stream=True)
            if response.is_error or "x-clickhouse-exception-code" in response.headers:
                text = (await response.aread()).decode(errors="replace")
                raise _refusal(response, text)
        except httpx.TransportError as error:
            raise Retryable(f"ClickHouse: {str(error) or type(error).__name__}") from error
        length = response.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            await response.aclose()
            raise SqlRefused("returns_too_much", f"the answer has {length} bytes, {self._limit} are allowed")
        return response


def _refusal(response: httpx.Response, text: str) -> SqlRefused | Retryable:
    digits = response.headers.get("x-clickhouse-exception-code", "")
    code = int(digits) if digits.isdigit() else None
    said = _NOISE.sub("", text).strip()[:_MESSAGE_CHARS] or f"ClickHouse answered {response.status_code}"
    if code is None or code in _LATER:
        return Retryable(f"ClickHouse: {said}")
    kind = _KINDS.get(code, "query")
    if kind == "syntax" and "multi-statement" in said.lower():
        kind = "several_statements"
    return SqlRefused(kind, said, code)
