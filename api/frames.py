"""Frames: events in the bytes of the event stream, each with the position a client has once it read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from sse_starlette import ServerSentEvent


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
    """Frames that are written together, in order, at least one. Their joined bytes are made once, for all who get them."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self.frames = frames
        self.id = frames[-1].id

    @cached_property
    def data(self) -> bytes:
        """The frames as one piece."""
        return self.frames[0].data if len(self.frames) == 1 else b"".join(one.data for one in self.frames)

    @cached_property
    def chunk(self) -> bytes:
        """The same as one chunk of HTTP's chunked coding (RFC 9112, 7.1)."""
        data = self.data
        return b"%x\r\n%b\r\n" % (len(data), data)


def payload(record: dict[str, Any]) -> str:
    """A record as JSON on one line."""
    return orjson.dumps(record).decode()


def frame(
    event: str, position: str, data: str, retry: int | None = None, *, key: bytes = b"", at: float = 0.0
) -> Frame:
    """A frame of already encoded data."""
    encoded = ServerSentEvent(data, event=event, id=position, retry=retry, sep="\n").encode()
    return Frame(position, encoded, key, at)
