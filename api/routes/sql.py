"""GET and POST /api/v1/sql: one reading statement of the client's own, its answer streamed in ClickHouse's formats."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.parameters import Invalid, Parameters, read
from api.services import services
from api.sql import SqlAnswer, SqlReader, SqlRefused

_MAX_CHARS = 65_536
_FORMAT = Field(
    "JSON",
    description="an output format of ClickHouse by its name: JSON, JSONEachRow, CSVWithNames, Parquet, Arrow …",
)
_BINARY: Mapping[str, str] = MappingProxyType(
    {
        "Parquet": "application/vnd.apache.parquet",
        "Arrow": "application/vnd.apache.arrow.file",
        "ArrowStream": "application/vnd.apache.arrow.stream",
    }
)
"""Formats that have a registered media type of their own."""
Format = Annotated[str, StringConstraints(pattern="^[A-Za-z0-9_]{1,60}$")]


class SqlParameters(Parameters):
    """Parameters of a query in the address."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=_MAX_CHARS)] = Field(
        description="one statement that reads: SELECT, WITH, SHOW, DESCRIBE, EXPLAIN, EXISTS"
    )
    format: Format = _FORMAT


class SqlBodyParameters(Parameters):
    """Parameters beside a query in the body."""

    format: Format = _FORMAT


async def sql(request: Request) -> Response:
    """Read-only SQL over everything that has landed.

    Refused with 422 and a `type`: `not_allowed` (anything but reading the database), `several_statements`, `syntax`,
    `unknown_format`, `query`; stopped with 422: `runs_too_long`, `reads_too_much`, `returns_too_much`,
    `needs_too_much_memory`.
    """
    _admit(request)
    parameters = read(SqlParameters, request.query_params)
    return await _answer(request, parameters.query, parameters.format, ["query", "query"])


async def sql_of_body(request: Request) -> Response:
    """The same, with the statement as the body."""
    _admit(request)
    parameters = read(SqlBodyParameters, request.query_params)
    return await _answer(request, await _body(request), parameters.format, ["body"])


def _admit(request: Request) -> None:
    if not services(request).settings.sql_queries:
        raise HTTPException(404, "SQL is switched off here: DENYUT_SQL_QUERIES is 0")
    # A page of somebody else must not make its readers' browsers ask: they may stand where it does not.
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, "SQL is not answered to another site's page")


async def _answer(request: Request, query: str, output: str, where: list[str]) -> Response:
    reader = services(request).sql
    try:
        answer = await reader.ask(query, output)
    except SqlRefused as refused:
        fault = {"loc": where, "msg": str(refused), "type": refused.kind}
        raise Invalid([fault if refused.code is None else {**fault, "code": refused.code}]) from refused
    return SqlResponse(reader, answer, answer.format or output)


class SqlResponse(StreamingResponse):
    """Hands the answer on; whatever ends it, the reader is told."""

    def __init__(self, reader: SqlReader, answer: SqlAnswer, output: str) -> None:
        super().__init__(
            answer.chunks(),
            media_type=media_type(output),
            headers={"Cache-Control": "no-store", "X-ClickHouse-Format": output},
        )
        self._reader = reader
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._reader.done(self._answer)


async def _body(request: Request) -> str:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _MAX_CHARS:
            raise Invalid(
                [{"loc": ["body"], "msg": f"a statement has at most {_MAX_CHARS} bytes", "type": "too_long"}]
            )
        chunks.append(chunk)
    try:
        return b"".join(chunks).decode()
    except UnicodeDecodeError:
        raise Invalid([{"loc": ["body"], "msg": "must be UTF-8", "type": "not_utf8"}]) from None


def media_type(output: str) -> str:
    """The media type of one of ClickHouse's formats; never one that a browser would run."""
    if output in _BINARY:
        return _BINARY[output]
    if output.startswith("JSON"):
        return "application/x-ndjson" if "EachRow" in output else "application/json"
    if output.startswith("CSV"):
        return "text/csv; charset=utf-8"
    if output.startswith(("TabSeparated", "TSV", "Pretty", "Vertical", "Markdown", "Values", "XML")):
        return "text/plain; charset=utf-8"
    return "application/octet-stream"
