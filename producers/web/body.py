"""The body of an answer within limits of size and time, unpacked by ourselves so that a bomb cannot go off."""

import time
import zlib
from collections.abc import Iterator
from threading import Event

import httpx

from producers.base import Lasting
from producers.web.limits import Limits
from schemas.errors import Retryable

_GZIP = 31
"""What tells zlib to expect the frame of gzip."""


class TooLarge(Lasting):
    """The body is larger than it may be."""


def read_body(response: httpx.Response, limits: Limits, deadline: float, stop: Event) -> bytes:
    """The whole body, unpacked, of an answer that is streamed.

    At most `max_bytes` are ever held beyond one chunk. Raises TooLarge where it is larger, Lasting where it is packed in
    a way that was not asked for, Retryable where it is cut, not over at `deadline` (of time.monotonic) or `stop` is set.
    """
    most = limits.max_bytes
    stated = response.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most:
        raise _too_large(limits)
    packed = response.headers.get("content-encoding", "identity").strip().lower()
    chunks = _within(response, deadline, stop)
    if packed in ("gzip", "x-gzip"):
        chunks = _unpacked(chunks, most)
    elif packed not in ("", "identity"):
        raise Lasting(f"answers packed as {packed[:40]}, which was not asked for")
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise _too_large(limits)
    return bytes(body)


def _within(response: httpx.Response, deadline: float, stop: Event) -> Iterator[bytes]:
    for chunk in response.iter_raw():
        if stop.is_set():
            raise Retryable("told to stop while reading")
        if time.monotonic() >= deadline:
            raise Retryable("too slow: the answer was not over in time")
        yield chunk


def _unpacked(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """What gzip members, one after the other, hold; never more than `most` bytes and one at once."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(_GZIP)
                yield unpacking.decompress(rest, most + 1)
                rest = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
    except zlib.error as error:
        raise Retryable(f"the answer is not the gzip it says it is: {error}") from error
    if not unpacking.eof:
        raise Retryable("the packed answer is cut")


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"the answer is larger than {limits.max_bytes} bytes ({limits.max_setting})")
