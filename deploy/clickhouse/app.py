"""ClickHouse's HTTP interface over the embedded engine: /, /ping, users, formats, exception headers."""

import asyncio
import base64
import binascii
import gzip
import secrets
import time
import uuid
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import lz4.frame  # type: ignore[import-untyped]  # it has no type information
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from deploy.clickhouse import form, telemetry
from deploy.clickhouse.engine import Answer, Connection, Engine
from deploy.clickhouse.guard import Refused
from deploy.clickhouse.statement import Statement, split

# Meant for the server or the transport; everything else in the URL is a setting of the query.
_TRANSPORT = frozenset(
    [
        "database",
        "query",
        "user",
        "password",
        "query_id",
        "session_id",
        "session_timeout",
        "session_check",
        "compress",
        "decompress",
        "wait_end_of_query",
        "client_protocol_version",
        "role",
        "default_format",
        "buffer_size",
        "enable_http_compression",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "quota_key",
        "cancel_http_readonly_queries_on_client_close",
    ]
)
_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "lz4": lz4.frame.decompress,
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
}
_AUTHENTICATION_FAILED = 516
_UNKNOWN = 1002
_STATUS = {_AUTHENTICATION_FAILED: 403, 60: 404, 81: 404, 46: 404, 62: 400, 36: 400, 27: 400, 73: 400}
_READER_BODY = 1 << 20


class Lane:
    """Connections of one kind, each with a thread of its own; statements wait for a free one."""

    def __init__(self, connections: Sequence[Connection], name: str) -> None:
        self._threads = ThreadPoolExecutor(len(connections), thread_name_prefix=name)
        self._free: asyncio.Queue[Connection] = asyncio.Queue()
        for connection in connections:
            self._free.put_nowait(connection)

    async def run(self, statement: Statement) -> Answer:
        """Run it on the next free connection; a caller that goes away does not free it before it is done."""
        connection = await self._free.get()
        work = asyncio.get_running_loop().run_in_executor(self._threads, connection.run, statement)
        work.add_done_callback(lambda _: self._free.put_nowait(connection))
        return await asyncio.shield(work)

    def close(self) -> None:
        """Wait for what runs."""
        self._threads.shutdown()


@dataclass(frozen=True, slots=True)
class User:
    """Who may come in, and the lane of their statements."""

    name: str
    password: str
    lane: Lane
    writes: bool


class Front:
    """The endpoints; one per process."""

    def __init__(
        self,
        engine: Engine,
        writer: tuple[str, str],
        reader: tuple[str, str],
        owners: tuple[str, str] | None,
    ) -> None:
        reading = Lane(engine.readers, "reader")
        owning = Lane([engine.owners], "owners")
        writing = Lane([engine.writer], "writer")
        self._lanes = (writing, reading, owning)
        self._reading = reading
        self._users = {
            writer[0]: User(*writer, writing, writes=True),
            reader[0]: User(*reader, reading, writes=False),
        }
        if owners is not None:
            self._users[owners[0]] = User(*owners, owning, writes=False)

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/ping", self.ping),
                Route("/", self.query, methods=["GET", "POST"]),
            ]
        )

    def close(self) -> None:
        """Wait for running statements; nothing may be asked afterwards."""
        for lane in self._lanes:
            lane.close()

    async def ping(self, _: Request) -> Response:
        """What load balancers and clients ask."""
        return PlainTextResponse("Ok.\n")

    async def query(self, request: Request) -> Response:
        """Run the statement of this request."""
        query_id = request.query_params.get("query_id") or str(uuid.uuid4())
        kind = "refused"
        try:
            user = self._user(request)
            statement = await _statement(request, user)
            # As on a server, GET never writes.
            writes = user.writes and request.method != "GET"
            lane = user.lane if writes or not user.writes else self._reading
            kind = ("insert" if statement.data is not None else "write") if writes else "read"
            began = time.monotonic()
            answer = await lane.run(statement)
            telemetry.SECONDS.labels(kind).observe(time.monotonic() - began)
        except (Refused, RuntimeError) as error:
            failure = _failure(str(error), query_id)
            telemetry.ERRORS.labels(kind, failure.headers["X-ClickHouse-Exception-Code"]).inc()
            return failure
        except UnicodeDecodeError:
            telemetry.ERRORS.labels(kind, "62").inc()
            return _failure("Code: 62. DB::Exception: the statement is not UTF-8. (SYNTAX_ERROR)", query_id)
        summary = {
            "read_rows": str(answer.read_rows),
            "written_rows": str(answer.written_rows),
            "elapsed_ns": str(answer.elapsed_ns),
        }
        headers = {
            "X-ClickHouse-Summary": orjson.dumps(summary).decode(),
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": "UTC",
        }
        if answer.body and answer.format:
            headers["X-ClickHouse-Format"] = answer.format
        return Response(answer.body, headers=headers, media_type="text/plain; charset=UTF-8")

    def _user(self, request: Request) -> User:
        name, password = _credentials(request)
        user = self._users.get(name)
        # Compared also for an unknown name, so that time tells nothing.
        expected = user.password if user else secrets.token_hex(16)
        if not secrets.compare_digest(password.encode(), expected.encode()) or user is None:
            raise Refused(
                f"{name}: Authentication failed: password is incorrect, or there is no user with such name. "
                "(AUTHENTICATION_FAILED)",
                _AUTHENTICATION_FAILED,
            )
        return user


def _credentials(request: Request) -> tuple[str, str]:
    headers = request.headers
    if "x-clickhouse-user" in headers:
        return headers["x-clickhouse-user"], headers.get("x-clickhouse-key", "")
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return name, password
    return request.query_params.get("user", "default"), request.query_params.get("password", "")


async def _statement(request: Request, user: User) -> Statement:
    query = dict(request.query_params)
    body = await _body(request, None if user.writes else _READER_BODY)
    kind = request.headers.get("content-type", "")
    if kind.startswith(form.KIND):
        query |= form.fields(kind, body)
        body = b""
    text = query.get("query", "").encode()
    sql, data, data_format = split(text, body) if text else split(body, b"")
    return Statement(
        sql=sql,
        data=data,
        data_format=data_format,
        database=query.get("database") or request.headers.get("x-clickhouse-database") or "default",
        output_format=query.get("default_format")
        or request.headers.get("x-clickhouse-format")
        or "TabSeparated",
        params={name[6:]: value for name, value in query.items() if name.startswith("param_")},
        settings={
            name: value
            for name, value in query.items()
            if name not in _TRANSPORT and not name.startswith("param_")
        },
    )


async def _body(request: Request, limit: int | None) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if limit is not None and size > limit:
            raise Refused(f"a reader's statement is at most {limit} bytes. (TOO_LARGE)", 307)
        chunks.append(chunk)
    encoding = request.headers.get("content-encoding", "").lower()
    decoder = _DECODERS.get(encoding)
    if decoder is None:
        raise Refused(f"unknown Content-Encoding {encoding!r}. (UNKNOWN_COMPRESSION_METHOD)", 89)
    try:
        return decoder(b"".join(chunks))
    except (RuntimeError, OSError, EOFError, zlib.error) as error:
        raise Refused(f"cannot decompress the body: {error}. (CANNOT_DECOMPRESS)", 271) from error


def _failure(message: str, query_id: str) -> Response:
    text = message[message.find("Code: ") :] if "Code: " in message else message
    digits = text[6:].split(".", 1)[0] if text.startswith("Code: ") else ""
    code = int(digits) if digits.isdigit() else _UNKNOWN
    headers: dict[str, Any] = {"X-ClickHouse-Exception-Code": str(code), "X-ClickHouse-Query-Id": query_id}
    return PlainTextResponse(text.rstrip() + "\n", status_code=_STATUS.get(code, 500), headers=headers)
