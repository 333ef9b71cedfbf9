"""chDB behind two kinds of connections: one that writes, some that can only read, one thread each."""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import chdb

from deploy.clickhouse.guard import Refused, check_reader, outside, plain
from deploy.clickhouse.statement import Statement
from schemas.errors import Fatal

_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 -- spooled bodies go through memory, in files only we can read


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: its output and the format of that, and the figures of X-ClickHouse-Summary."""

    body: bytes
    read_rows: int = 0
    written_rows: int = 0
    elapsed_ns: int = 0
    format: str = ""


class DataFolder:
    """The engine's folder, locked for as long as this process lives."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.store = path / "store"
        self._lock = (path / "owner.pid").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            owner = self._lock.read().strip() or "another process"
            raise Fatal(f"{path} is in use by process {owner}: one ClickHouse per data folder") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()


class Connection:
    """One chDB connection; never used by two threads at once. Raises what chDB raises (ChdbError, RuntimeError)."""

    def __init__(self, store: Path) -> None:
        self._handle = chdb.connect(str(store))
        self._database = "default"
        self._formats = {name.lower(): name for name in self._names("SELECT name FROM system.formats")}

    def run(self, statement: Statement) -> Answer:
        """Run one statement with its settings, which are back at their defaults afterwards."""
        answer = self._run(statement)
        if not answer.body or statement.data is not None:
            return answer
        # Asking for the normal form costs a query, so only where there may be a clause.
        normal = self.canonical(statement.sql) if "format" in statement.sql.lower() else ""
        return replace(answer, format=statement.format_of(plain(normal), self._formats))

    def canonical(self, sql: str) -> str:
        """The engine's own normal form of one statement; raises on a syntax error or several statements."""
        literal = quoted(sql)
        return self._query(f"SELECT formatQuerySingleLine({literal})", "TabSeparatedRaw", {}).body.decode()

    def _run(self, statement: Statement) -> Answer:
        self._use(statement.database)
        with self._settings(statement.settings):
            if statement.data is None:
                return self._query(statement.sql, statement.output_format, statement.params)
            return self._insert(statement, statement.data)

    def _names(self, sql: str) -> list[str]:
        return self._query(sql, "TabSeparatedRaw", {}).body.decode().split()

    def close(self) -> None:
        """Let go of the engine; the last connection to do so ends it."""
        self._handle.close()

    def _query(self, sql: str, output_format: str, params: Mapping[str, str]) -> Answer:
        try:
            result: Any = self._handle.query(sql, output_format, params=dict(params) or None)
        except RuntimeError:
            # chDB 4.4: the query after one that failed while it ran comes in that one's format.
            with contextlib.suppress(RuntimeError):
                self._handle.query("SELECT 1", "Null")
            raise
        if result is None:
            return Answer(b"")
        return Answer(
            bytes(result.bytes() or b""),
            int(result.storage_rows_read()),
            int(result.rows_written()),
            int(result.elapsed() * 1e9),
        )

    def _insert(self, statement: Statement, data: bytes) -> Answer:
        with tempfile.NamedTemporaryFile(dir=_SHARED_MEMORY if _SHARED_MEMORY.is_dir() else None) as spool:
            # INSERT … SELECT … FROM input(…): chDB has no input(), a file of the same structure is the same.
            sql = statement.reading_input_from(spool.name)
            if sql is not None:
                spool.write(data)
                spool.flush()
                return self._query(sql, statement.output_format, statement.params)
        inserter = self._handle.send_insert(statement.sql, statement.data_format)
        try:
            inserter.append(data)
            done = inserter.finish()
        finally:
            inserter.close()
        return Answer(b"", 0, int(done.rows_written), int(done.elapsed * 1e9))

    def _use(self, database: str) -> None:
        if database != self._database:
            self._handle.query(f"USE {identifier(database)}")
            self._database = database

    @contextmanager
    def _settings(self, settings: Mapping[str, str]) -> Iterator[None]:
        if not settings:
            yield
            return
        names = [identifier(name) for name in settings]
        pairs = ", ".join(f"{name} = {quoted(settings[name])}" for name in names)
        try:
            self._handle.query(f"SET {pairs}")
            yield
        finally:
            self._handle.query("SET " + ", ".join(f"{name} = DEFAULT" for name in names))


class Reader(Connection):
    """A connection that can only read, within limits nothing it is told can lift."""

    def __init__(self, store: Path, limits: Mapping[str, int], hiding: Mapping[str, str]) -> None:
        super().__init__(store)
        self._answer_bytes = limits["max_result_bytes"]
        self._reaching = outside(self._names("SELECT name FROM system.table_functions"))
        for name, value in limits.items():
            self._handle.query(f"SET {name} = {value}")
        filters = ", ".join(f"{quoted(table)}: {quoted(kept)}" for table, kept in hiding.items())
        self._handle.query(f"SET additional_table_filters = {{{filters}}}")
        self._handle.query("SET readonly = 1")

    def run(self, statement: Statement) -> Answer:
        """Run one reading statement; raises Refused for anything else."""
        if statement.settings:
            raise Refused(
                f"Cannot modify '{next(iter(statement.settings))}' setting in readonly mode. (READONLY)"
            )
        if statement.data is not None:
            raise Refused("Cannot execute query in readonly mode. (READONLY)")
        normal = check_reader(statement.sql, self.canonical, self._reaching)
        output = statement.format_of(plain(normal), self._formats)
        # In chDB's `default` every file of the host has a name.
        inside = "system" if statement.database == "default" else statement.database
        answer = replace(self._run(replace(statement, database=inside)), format=output)
        # The engine limits the values of a result, not how long a format writes them.
        if len(answer.body) > self._answer_bytes:
            raise Refused(
                f"Limit for result exceeded: {len(answer.body)} bytes in {output}, "
                f"max bytes: {self._answer_bytes}. (TOO_MANY_ROWS_OR_BYTES)",
                396,
            )
        return answer


class Engine:
    """The open engine of one data folder, with its writer and readers."""

    def __init__(
        self, folder: DataFolder, limits: Mapping[str, int], hiding: Mapping[str, str], readers: int
    ) -> None:
        """`limits` are settings of readers; `hiding` says of tables which rows readers see, but for the one of owners."""
        try:
            self.writer = Connection(folder.store)
        except RuntimeError as error:
            raise Fatal(f"ClickHouse cannot open {folder.store}: {error}") from error
        self.readers = [Reader(folder.store, limits, hiding) for _ in range(readers)]
        self.owners = Reader(folder.store, limits, {})

    def create_database(self, name: str) -> None:
        """Create the database where it is not there."""
        self.writer.run(Statement(f"CREATE DATABASE IF NOT EXISTS {identifier(name)}"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in (*self.readers, self.owners, self.writer):
            connection.close()


def quoted(text: str) -> str:
    """`text` as a ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def identifier(name: str) -> str:
    """`name` where it is a plain identifier; raises Refused (BAD_ARGUMENTS) where it is not."""
    if not _NAME.match(name):
        raise Refused(f"{name!r} is not a name. (BAD_ARGUMENTS)", 36)
    return name
