"""The HTTP server: uvicorn on a socket of our own, ended in order by SIGTERM or SIGINT."""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Iterator
from functools import partial

import structlog
import uvicorn

from api import straight
from api.app import create
from api.drain import drain
from api.open_files import raise_open_files
from api.protocol import StreamingProtocol
from api.services import Services
from api.settings import ApiSettings
from api.ws_wire import MAX_MESSAGE, StreamingWebSocket
from schemas.errors import Fatal

log = structlog.get_logger()

_BACKLOG = 2048


class DrainingServer(uvicorn.Server):
    """Says farewell to streams before it closes connections, and leaves the exit code to us."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured: uvicorn would end the process by the signal, not with 0."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say farewell while new requests are still told that this ends, then as uvicorn does."""
        await drain(self._services.hub, self._services.settings.drain_s / 2)
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; raises Fatal where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only for sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Fatal(
            f"cannot listen on {host}:{port}: {error.strerror}; set DENYUT_API_PORT to a free port or 0"
        ) from error
    listener.listen(_BACKLOG)
    return listener


def address(listener: socket.socket) -> str:
    """The URL of a bound socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


async def serve(settings: ApiSettings, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; raises Fatal where the live stream could not go on."""
    raise_open_files(settings.stream_total)
    # What is imported stays: no collection has to look at it again.
    gc.collect()
    gc.freeze()
    # What a stream is made of stays as long as it, and is in no cycle: in a rush of openings every search would look at all of it.
    gc.set_threshold(10_000, 20, 50)
    services = Services(settings)

    class Protocol(StreamingProtocol):
        """The protocol of this server, with its door."""

        door = partial(straight.door, services)

    config = uvicorn.Config(
        create(services),
        http=Protocol,
        ws=StreamingWebSocket,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,  # a message is encoded once for all
        ws_ping_interval=settings.stream_heartbeat_s,
        ws_ping_timeout=settings.stream_send_timeout_s,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.drain_s / 2)),
    )
    server = DrainingServer(config, services)
    services.on_failure(lambda: setattr(server, "should_exit", True))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve(sockets=[listener])
    services.check()
