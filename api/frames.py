"""Frames: events in the bytes of the event stream, each with the position a client has once it read them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it goes over the wire.

    Attributes:
        id: the position after it.
        data: its bytes.
        key: what it is the newest state of, for those who want no older one; empty: of nothing.
        at: when Kafka recorded it (epoch seconds); 0: it is not from Kafka.
    """

    id: str
    data: bytes
    key: bytes = b""
    at: float = 0.0


class Batch:
    """Frames that are written together, in order, at least one.

    Attributes:
        id: the position after them.
        data: the frames as one piece, made once for all who get them.
        chunk: the same as one chunk of HTTP's chunked coding (RFC 9112, 7.1).
    """

    __slots__ = ("chunk", "data", "frames", "id")

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.id = frames[-1].id
        data = frames[0].data if len(frames) == 1 else b"".join(one.data for one in frames)
        self.data = data
        self.chunk = b"%x\r\n%b\r\n" % (len(data), data)


def payload(record: dict[str, Any]) -> bytes:
    """A record as JSON on one line."""
    return orjson.dumps(record)


def frame(
    event: str, position: str, data: bytes, retry: int | None = None, *, key: bytes = b"", at: float = 0.0
) -> Frame:
    """A frame of already encoded data on one line.

    Raises ValueError where name or id would end their line: what follows would be read as a field of its own.
    """
    if not _FIELD.fullmatch(event) or not _FIELD.fullmatch(position):
        raise ValueError(f"{event!r} or {position!r} cannot stand in an event stream")
    tail = "" if retry is None else f"retry: {retry}\n"
    head = f"id: {position}\nevent: {event}\ndata: "
    return Frame(position, b"%b%b\n%b\n" % (head.encode(), data, tail.encode()), key, at)


_FIELD = re.compile(r"[^\r\n\0]*")
