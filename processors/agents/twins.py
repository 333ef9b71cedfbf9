"""The bytes of a trend once more with platform '': where a subject has one platform, all of them together say the same.

Half of all trends are such twins, and encoding is what publishing them costs most. The fields up to `platform` come first in the
schema (a test holds this against the codec), so only they are written anew.
"""

from functools import lru_cache

from processors.logic.publishing import trend_id
from schemas.codec import HEADER_BYTES
from schemas.events import Trend


def of_all_platforms(value: bytes, trend: Trend) -> bytes:
    """`value`, the encoded `trend`, with the id and the platform of all platforms together."""
    kind, subject = trend["subject_kind"], trend["subject"]
    revision = _long(trend["revision"])
    named = _named(kind, subject)
    rest = HEADER_BYTES + len(_string(trend["id"])) + len(revision) + len(named) + _length(trend["platform"])
    twin_id = _string(trend_id(f"{kind}:{subject}", "", trend["window"], trend["start"]))
    return b"".join((value[:HEADER_BYTES], twin_id, revision, named, b"\x00", value[rest:]))


@lru_cache(maxsize=10_000)
def _named(kind: str, subject: str) -> bytes:
    return _string(kind) + _string(subject)


@lru_cache(maxsize=1_000)
def _length(platform: str) -> int:
    return len(_string(platform))


def _string(text: str) -> bytes:
    encoded = text.encode()
    return _long(len(encoded)) + encoded


@lru_cache(maxsize=10_000)
def _long(number: int) -> bytes:
    """A number that is not negative, as Avro writes it: zigzag, then seven bits a byte, the lowest first."""
    rest = number << 1
    written = bytearray()
    while rest > 0x7F:  # noqa: PLR2004 -- seven bits
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)
