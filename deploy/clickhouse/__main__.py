"""`python -m deploy.clickhouse`: run the embedded ClickHouse in the foreground until SIGTERM."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator

import structlog
import uvicorn

from deploy.clickhouse.app import Front
from deploy.clickhouse.engine import DataFolder, Engine
from deploy.clickhouse.settings import EmbeddedClickHouseSettings
from schemas.errors import Fatal
from schemas.exposition import expose
from schemas.logs import configure
from schemas.settings import load

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals to us: its own handling ends the process by the signal, not with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises Fatal where the port is taken, before the engine is opened."""
    # asyncio turns Nagle's algorithm off only for sockets that say they are TCP: without it 50 ms a query.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise Fatal(
            f"cannot listen on {host}:{port}: {error.strerror}; is another ClickHouse running?"
        ) from error
    return listener


async def _serve(listener: socket.socket, front: Front) -> None:
    config = uvicorn.Config(
        front.app(),
        log_config=None,
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve(sockets=[listener])


def _run(settings: EmbeddedClickHouseSettings) -> None:
    folder = DataFolder(settings.data_dir)
    listener = _listen(settings.clickhouse_host, settings.clickhouse_port)
    expose(settings)
    with Engine(
        folder, settings.reader_limits(), settings.reader_filters(), settings.clickhouse_readers
    ) as engine:
        engine.create_database(settings.clickhouse_database)
        front = Front(
            engine,
            (settings.clickhouse_user, settings.clickhouse_password.get_secret_value()),
            (settings.clickhouse_reader_user, settings.clickhouse_reader_password.get_secret_value()),
            settings.owners(),
        )
        log.info("clickhouse_ready", port=settings.clickhouse_port, data=str(settings.data_dir))
        asyncio.run(_serve(listener, front))
        front.close()


def main() -> int:
    """Run until told to stop; 0, or 1 with one line that says why not."""
    settings = load(EmbeddedClickHouseSettings)
    configure("clickhouse", settings)
    try:
        _run(settings)
    except Fatal as error:
        log.error("clickhouse_failed", error=str(error))  # noqa: TRY400 -- the message says it all
        return 1
    log.info("clickhouse_stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
