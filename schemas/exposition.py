"""Prometheus metrics over HTTP, the same in every process that serves nothing else."""

import signal

from prometheus_client import start_http_server

from schemas.errors import Fatal
from schemas.settings import MetricsSettings


def expose(settings: MetricsSettings) -> int:
    """Serve `/metrics` from a thread of its own for as long as the process lives; the port, 0 where it is off.

    Raises Fatal where the address cannot be listened on. It is called by what runs for long, never by a command
    beside it: two processes of one environment cannot have one port.
    """
    if not settings.metrics_port:
        return 0
    # The thread inherits the mask: a signal that it took would end the process before its own handling.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        server, _ = start_http_server(settings.metrics_port, settings.metrics_host)
    except OSError as error:
        raise Fatal(
            f"metrics cannot be served on {settings.metrics_host}:{settings.metrics_port}: {error.strerror}; "
            "set DENYUT_METRICS_PORT to a free port or to 0"
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return int(server.server_port)
