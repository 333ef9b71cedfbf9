"""Whether an address is inside our own network: no stranger may send a collector there."""

import ipaddress
import socket


def inside(host: str) -> bool:
    """Whether `host` names, among others, an address that is not of the public internet; False where it names none.

    A name may be given another address between this look and the connection: rules for outgoing traffic are the full answer.
    """
    try:
        found = {ipaddress.ip_address(one[4][0]) for one in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError, ValueError):
        return False
    return any(not (getattr(one, "ipv4_mapped", None) or one).is_global for one in found)
