"""A client's SQL waits no longer than it is told to, and its turn ends when ClickHouse has ended, not before."""

import asyncio

import pytest

from api import sql
from api.settings import ApiSettings
from api.sql import SqlAnswer, SqlReader, SqlRefused
from schemas.errors import Backpressure


class Slow:
    """Speaks enough HTTP to be asked; answers when let go."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.asked = 0
        self.begun = asyncio.Event()
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        self.begun.set()
        await self.free.wait()
        # More than was told here is owed: whoever keeps the answer keeps the connection.
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1\n")
        await writer.drain()
        while await reader.read(65536):
            pass
        self.gone.set()
        writer.close()


async def asked(slow: Slow, wait_s: float = 0.2) -> tuple[SqlReader, asyncio.Server]:
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = ApiSettings.model_validate(
        {
            "clickhouse_url": f"http://127.0.0.1:{port}",
            "clickhouse_reader_password": "r",
            "sql_wait_s": wait_s,
        }
    )
    return SqlReader(settings), server


def test_the_turn_is_held_until_clickhouse_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_PATIENCE_S", 0.1)

    async def trial() -> None:
        slow = Slow()
        # The answer that comes in the end must come within it, too.
        reader, server = await asked(slow, 3)
        with pytest.raises(SqlRefused) as refused:
            await reader.ask("SELECT 1", "TSV")
        assert refused.value.kind == "runs_too_long"
        for _ in range(3):
            with pytest.raises(Backpressure):
                await reader.ask("SELECT 1", "TSV")
        async with asyncio.timeout(60):
            await slow.begun.wait()
        assert slow.asked == 1, "ClickHouse has one of them"
        slow.free.set()
        async with asyncio.timeout(60):
            await slow.gone.wait()
        answer = await reader.ask("SELECT 1", "TSV")
        assert isinstance(answer, SqlAnswer)
        await reader.done(answer)
        await reader.close()
        server.close()

    asyncio.run(trial())


def test_a_client_that_goes_away_gives_up_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql, "_PATIENCE_S", 0.1)

    async def trial() -> None:
        slow = Slow()
        reader, server = await asked(slow, 60)
        asking = asyncio.create_task(reader.ask("SELECT 1", "TSV"))
        async with asyncio.timeout(60):
            await slow.begun.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        with pytest.raises(Backpressure):
            await reader.ask("SELECT 1", "TSV")
        slow.free.set()
        async with asyncio.timeout(60):
            await slow.gone.wait()
        await reader.close()
        server.close()

    asyncio.run(trial())


def test_it_closes_while_clickhouse_computes() -> None:
    async def trial() -> None:
        slow = Slow()
        reader, server = await asked(slow)
        with pytest.raises(SqlRefused):
            await reader.ask("SELECT 1", "TSV")
        async with asyncio.timeout(60):
            await reader.close()
        slow.free.set()
        server.close()

    asyncio.run(trial())
