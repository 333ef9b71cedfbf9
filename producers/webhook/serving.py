"""The server of the webhook: uvicorn in a thread of its own, on a socket that is bound before anything else."""

import asyncio
import socket
from threading import Thread
from typing import Any

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from schemas.errors import Fatal

_KEEP_ALIVE_S = 30
_AT_ONCE = 200
_HEADER_BYTES = 16_384
_HEAD_S = 10.0
"""For the head of a request, from the connection or from its first byte on."""
_FAREWELL_S = 3
"""For answers that are under way when it is told to stop."""


class _Impatient(H11Protocol):
    """Closes a connection that has not sent a whole head in time: idle ones would be all that there may be at once."""

    _closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Its first head is waited for."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """A head is over, or the next one has begun. Between two the time to keep alive holds."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is waited for."""
        self._cancel()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._cancel()
        elif self._closing is None:
            self._closing = self.loop.call_later(_HEAD_S, self.transport.close)

    def _cancel(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None


class Serving:
    """Serves `app` from `start` until `stop`.

    It has to be stopped: its loop is uvloop's, which asks for the interpreter from C, and one that wakes while that is taken down ends the
    process by a segmentation fault.
    """

    def __init__(self, host: str, port: int) -> None:
        """Raises Fatal where the address cannot be had."""
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            raise Fatal(f"cannot listen at {host}:{port} (DENYUT_WEBHOOK_PORT): {error.strerror}") from error
        self._server: uvicorn.Server | None = None
        self._thread: Thread | None = None

    @property
    def url(self) -> str:
        """Its address, without a final slash."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

    def start(self, app: Starlette) -> None:
        """Begin; does nothing the second time."""
        if self._thread is not None:
            return
        config = uvicorn.Config(
            app,
            # httptools, which uvicorn would prefer, has no bound of the size of a head.
            http=_Impatient,
            log_config=None,
            access_log=False,
            lifespan="off",
            limit_concurrency=_AT_ONCE,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_FAREWELL_S,
            h11_max_incomplete_event_size=_HEADER_BYTES,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="webhook-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, for `_FAREWELL_S`, and end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()
