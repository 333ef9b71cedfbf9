"""The server of the webhook: uvicorn in a thread of its own, on a socket that is bound before anything else."""

import socket
from threading import Thread

import uvicorn
from starlette.applications import Starlette

from schemas.errors import Fatal

_KEEP_ALIVE_S = 30
_AT_ONCE = 200
_HEADER_BYTES = 16_384


class Serving:
    """Serves `app` from `start` on until the process ends; its thread is a daemon."""

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
            log_config=None,
            access_log=False,
            lifespan="off",
            limit_concurrency=_AT_ONCE,
            timeout_keep_alive=_KEEP_ALIVE_S,
            h11_max_incomplete_event_size=_HEADER_BYTES,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="webhook-server", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Answer what is under way, and end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._socket.close()
