"""The loader of the stream's bench: opens many connections, reads them all, and counts; a process of its own on a core of its own.

It is told what to do line by line on stdin and answers each line with a line of JSON.
"""

import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import uvloop

from api.open_files import raise_open_files
from tests.bench._sse_event import DIGITS, MARK_BYTE

_SAMPLED = 10
"""Of so many clients one has the latency of each of its events taken; those of all would cost the loader its core."""
_AT_ONCE = 128
_PATIENCE_S = 60.0
_WARMED = 1_000


@dataclass
class Counted:
    """What all clients together have seen."""

    buffer: bytearray = field(default_factory=lambda: bytearray(262_144))
    events: int = 0
    reads: int = 0
    size: int = 0
    lost: int = 0
    latencies_us: list[int] = field(default_factory=list)


class Client(asyncio.BufferedProtocol):
    """One connection. All share one buffer, since nothing waits between a read and its counting."""

    __slots__ = ("_counted", "_opened", "_request", "_sampled", "_seen", "transport")

    def __init__(
        self, counted: Counted, request: bytes, opened: "asyncio.Future[bool]", *, sampled: bool
    ) -> None:
        self._counted = counted
        self._request = request
        self._opened: asyncio.Future[bool] | None = opened
        self._sampled = sampled
        self._seen = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        # uvloop's transports are no subclasses of asyncio's.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._request)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to read to."""
        return self._counted.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Count what came."""
        counted = self._counted
        if self._opened is not None:
            self._seen += bytes(counted.buffer[:nbytes])
            if b"data:" not in self._seen and not self._seen.startswith(b"HTTP/1.1 4"):
                return
            if not self._opened.done():
                self._opened.set_result(self._seen.startswith(b"HTTP/1.1 200"))
            self._opened, self._seen = None, b""
            return
        found = counted.buffer.count(MARK_BYTE, 0, nbytes)
        if not found:
            return
        counted.events += found
        counted.reads += 1
        counted.size += nbytes
        if self._sampled:
            self._sample(nbytes)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        self._counted.lost += 1
        if self._opened is not None and not self._opened.done():
            self._opened.set_result(False)

    def _sample(self, nbytes: int) -> None:
        counted = self._counted
        now = time.time_ns() // 1000
        at = counted.buffer.find(MARK_BYTE, 0, nbytes)
        while at >= 0:
            digits = counted.buffer[at + 1 : min(at + 1 + DIGITS, nbytes)]
            if len(digits) == DIGITS:
                counted.latencies_us.append(now - int(digits))
            at = counted.buffer.find(MARK_BYTE, at + 1, nbytes)


class Load:
    """Clients of one server; `paths` are asked in turn."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._counted = Counted()
        self._clients: list[Client] = []

    async def open(self, paths: list[str], count: int) -> dict[str, float]:
        """Open so many more, a number of them at once; those that a server has not answered in time count as refused."""
        gate = asyncio.Semaphore(_AT_ONCE)
        began = time.monotonic()
        asked = [asyncio.create_task(self._one(gate, paths[n % len(paths)], n)) for n in range(count)]
        answered, waiting = await asyncio.wait(asked, timeout=_PATIENCE_S)
        for one in waiting:
            one.cancel()
        opened = sum(one.result() for one in answered)
        return {"opened": opened, "refused": count - opened, "seconds": time.monotonic() - began}

    def close(self) -> None:
        """End all connections."""
        for client in self._clients:
            if client.transport is not None:
                client.transport.abort()
        self._clients.clear()

    async def measure(self, seconds: float) -> dict[str, float]:
        """Count for so long."""
        counted = self._counted
        counted.latencies_us = []
        began, events, reads, size, lost = (
            time.monotonic(),
            counted.events,
            counted.reads,
            counted.size,
            counted.lost,
        )
        await asyncio.sleep(seconds)
        took = time.monotonic() - began
        taken = np.array(counted.latencies_us or [0]) / 1000
        return {
            "seconds": took,
            "events": counted.events - events,
            "reads": counted.reads - reads,
            "bytes": counted.size - size,
            "lost": counted.lost - lost,
            "p50_ms": float(np.percentile(taken, 50)),
            "p99_ms": float(np.percentile(taken, 99)),
        }

    async def _one(self, gate: asyncio.Semaphore, path: str, number: int) -> bool:
        loop = asyncio.get_running_loop()
        request = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept: text/event-stream\r\n\r\n".encode()
        async with gate:
            opened: asyncio.Future[bool] = loop.create_future()
            client = Client(self._counted, request, opened, sampled=number % _SAMPLED == 0)
            await loop.create_connection(lambda: client, self._host, self._port)
            self._clients.append(client)
            return await opened


class _Answers(asyncio.Protocol):
    """A server of the loader's own, for its first connections."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Answer before anything was asked."""
        cast("asyncio.Transport", transport).write(b"HTTP/1.1 200 OK\r\n\r\ndata: {}\n\n")


async def warm() -> None:
    """Open and end connections of its own: the first hundreds cost any loader several times as much, and no server is to pay for that."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answers, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    load = Load(f"http://127.0.0.1:{port}")
    await load.open(["/"], _WARMED)
    load.close()
    server.close()
    await server.wait_closed()


async def serve(url: str) -> None:
    """Do what stdin says until it ends."""
    await warm()
    load = Load(url)
    loop = asyncio.get_running_loop()
    told = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    while line := await told.readline():
        order = json.loads(line)
        if order["do"] == "open":
            answer = await load.open(order["paths"], order["count"])
        else:
            answer = await load.measure(order["seconds"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    raise_open_files()
    uvloop.run(serve(sys.argv[1]))
