"""Which addresses a host may be reached at: no stranger may send a collector into our own network."""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address

from producers.base import Lasting
from schemas.errors import Retryable

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses, best first; raises OSError or UnicodeError where there are none."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_V4_BITS = 0xFFFF_FFFF


def resolve(host: str, port: int) -> Sequence[str]:
    """As the system has it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def inside(address: str) -> bool:
    """Whether `address` is not one of the public internet, also where it is so behind an IPv4 address within IPv6."""
    one = ipaddress.ip_address(address)
    real = _within(one) if isinstance(one, IPv6Address) else one
    return not real.is_global or real.is_multicast


def _within(address: IPv6Address) -> IPv4Address | IPv6Address:
    if address in _NAT64:
        return IPv4Address(int(address) & _V4_BITS)
    return address.ipv4_mapped or address.sixtofour or address


class Gate:
    """Looks hosts up and refuses those inside.

    Who connects, connects to what this returned and looks nothing up again: a name may have another address a moment later.
    """

    def __init__(self, allowed: Iterable[str], find: Resolve = resolve) -> None:
        """`allowed` are hosts that may be inside all the same."""
        self._allowed = frozenset(host.lower() for host in allowed)
        self._find = find

    def addresses(self, host: str, port: int, meant: str) -> Sequence[str]:
        """Where `host` may be reached: all of its addresses, or none.

        What is inside is allowed where it is listed, or where `host` is an address and just the one that was `meant` by who
        configured it. Raises Lasting where one is not, Retryable where the name is not known.
        """
        host = host.lower()
        try:
            found = self._find(host, port)
        except UnicodeError as error:
            raise Lasting(f"no web address: {error}") from error
        except OSError as error:
            raise Retryable(f"ConnectError: {host!r} is not found: {error.strerror or error}") from error
        if host not in self._allowed and not (host == meant.lower() and is_address(host)):
            for one in found:
                if inside(one):
                    raise Lasting(f"{host!r} is inside our own network (DENYUT_WEB_INSIDE allows it)")
        return found


def is_address(host: str) -> bool:
    """Whether `host` is no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
