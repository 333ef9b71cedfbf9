"""TCP ports of the loopback address: free ones, chosen once per data folder and kept while they stay free."""

import random
import socket
from collections.abc import Mapping

from schemas.errors import Fatal

# Below the range from which systems take ports of outgoing connections: a port of ours is then not
# lost to one of those while its process is down for a moment.
FIRST, LAST = 20_000, 32_000
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: frozenset[int] = frozenset()) -> int:
    """A port that was free a moment ago and is not among `taken`; raises Fatal where none is found."""
    chance = random.SystemRandom()
    for _ in range(_TRIES):
        port = chance.randint(FIRST, LAST)
        if port not in taken and is_free(port):
            return port
    raise Fatal(f"no free port found between {FIRST} and {LAST}: end what holds them")


def settle(wanted: Mapping[str, int], remembered: Mapping[str, int]) -> dict[str, int]:
    """A port for each name: the wanted one, else the remembered one if it is still free, else a free one.

    Raises Fatal, naming the setting, where a wanted port (not 0) is taken.
    """
    ports: dict[str, int] = {}
    for name, port in wanted.items():
        chosen = port or remembered.get(name, 0)
        if port and not is_free(port):
            raise Fatal(
                f"port {port} is taken: end what listens there, or set DENYUT_{name.upper()}_PORT to another or to 0"
            )
        if not chosen or chosen in ports.values() or not is_free(chosen):
            chosen = free_port(frozenset(ports.values()))
        ports[name] = chosen
    return ports
