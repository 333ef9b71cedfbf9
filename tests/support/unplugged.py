"""A network that drops everything: a socket of ours whose kernel takes nothing more, and acknowledges nothing."""

import ctypes
import socket
import struct

_ATTACH_FILTER = 26
"""Linux: SO_ATTACH_FILTER, which the socket module does not name."""
_DROP_ALL = struct.pack("HBBI", 0x06, 0, 0, 0)
"""The one instruction `return 0` of a classic packet filter: of every packet nothing is kept."""


def unplug(connected: socket.socket) -> None:
    """From now on nothing reaches this end of a connection, and nobody is told: no FIN, no RST, no acknowledgement.

    It stands before TCP looks at a packet, so the other end sees what it would see of a pulled cable. As long as the
    socket is open and nothing is sent by it. Raises OSError where the system has no such filters.
    """
    program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
    connected.setsockopt(
        socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HxxxxxxP", 1, ctypes.addressof(program))
    )
