"""Frames: events in the bytes of the event stream, each with the position a client has once it read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from sse_starlette import ServerSentEvent


@dataclass(frozen=True, slots=True)
class Frame:
    """One event as it goes over the wire; `id` is the position after it."""

    id: str
    data: bytes


def payload(record: dict[str, Any]) -> str:
    """A record as JSON on one line."""
    return orjson.dumps(record).decode()


def frame(event: str, position: str, data: str, retry: int | None = None) -> Frame:
    """A frame of already encoded data."""
    return Frame(position, ServerSentEvent(data, event=event, id=position, retry=retry, sep="\n").encode())


def joined(frames: Iterable[Frame]) -> bytes:
    """Many frames as one write."""
    return b"".join(one.data for one in frames)
