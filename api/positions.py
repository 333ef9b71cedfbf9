"""Positions in the live topics, and the opaque ids that carry them.

A position is complete: for each topic the next offset of every partition. Its id is URL-safe base64 of a version
byte, per topic its code, epoch, number of partitions and offsets (varints), and a checksum. The epoch is made of
Kafka's cluster id and topic id, so that an id of another cluster, or of a topic that was deleted and created again,
is recognised.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from api.catalogue import LIVE

EPOCH_BYTES = 4
MAX_ID_CHARS = 4096
_VERSION = b"\x01"
_CHECK_BYTES = 2
_MAX_OFFSET = 2**63 - 1
_CODES = {topic.code: topic.name for topic in LIVE.values()}


class UnknownPosition(ValueError):  # noqa: N818 -- it is a finding about a client's id, not a failure
    """The id was not made by this version of this api, or was damaged on its way."""


@dataclass(frozen=True, slots=True)
class TopicPosition:
    """The next offset of each partition of one topic, within one life of that topic."""

    epoch: bytes
    offsets: tuple[int, ...]


Position = Mapping[str, TopicPosition]
"""Topic name (without prefix) to its position."""


def epoch_of(cluster_id: str, topic_id: str) -> bytes:
    """The epoch of a topic: differs between clusters and between lives of a topic."""
    return hashlib.sha256(f"{cluster_id}/{topic_id}".encode()).digest()[:EPOCH_BYTES]


def encode(position: Position) -> str:
    """The id of a position."""
    return _text(_block(name, position[name].epoch, position[name].offsets) for name in ordered(position))


def decode(text: str) -> Position:
    """The position an id carries; topics this version does not know are left out. Raises UnknownPosition."""
    if len(text) > MAX_ID_CHARS:
        raise UnknownPosition(f"{len(text)} characters are too many")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnknownPosition("not base64") from error
    if not raw.startswith(_VERSION) or _base64(raw) != text:
        raise UnknownPosition("not an id of this version")
    raw, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    if _check(raw) != check:
        raise UnknownPosition("damaged")
    position: dict[str, TopicPosition] = {}
    at = len(_VERSION)
    while at < len(raw):
        code, at = _read_varint(raw, at)
        epoch, at = raw[at : at + EPOCH_BYTES], at + EPOCH_BYTES
        count, at = _read_varint(raw, at)
        offsets = []
        for _ in range(count):
            offset, at = _read_varint(raw, at)
            offsets.append(offset)
        if code in _CODES:
            position[_CODES[code]] = TopicPosition(epoch, tuple(offsets))
    return position


def joined(texts: Sequence[str]) -> str:
    """One id of what several ids say, later ones first; one that cannot be read is returned as it is."""
    position: dict[str, TopicPosition] = {}
    for text in texts:
        try:
            position |= decode(text)
        except UnknownPosition:
            return text
    return texts[0] if len(texts) == 1 else encode(position)


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Live topic names in their one canonical order, each once."""
    return tuple(sorted(set(names), key=lambda name: LIVE[name].code))


class Vector:
    """A position that moves. Encoding after a move costs one varint and one join, not a whole position."""

    def __init__(self, position: Position) -> None:
        self._epochs = {name: position[name].epoch for name in ordered(position)}
        self._offsets = {name: list(position[name].offsets) for name in self._epochs}
        self._varints = {
            name: [_varint(offset) for offset in offsets] for name, offsets in self._offsets.items()
        }
        self._blocks: dict[str, bytes] = {}
        self._at: dict[str, TopicPosition] = {}
        self._ids: dict[tuple[str, ...], str] = {}
        """What was made of where it stands, until it moves."""

    def advance(self, topic: str, partition: int, offset: int) -> None:
        """Set the next offset of a partition; never backwards."""
        offsets = self._offsets[topic]
        if offset > offsets[partition]:
            offsets[partition] = offset
            self._varints[topic][partition] = _varint(offset)
            self._forget(topic)

    def offset(self, topic: str, partition: int) -> int:
        """The next offset of a partition."""
        return self._offsets[topic][partition]

    def offsets(self) -> dict[tuple[str, int], int]:
        """The next offset by (topic, partition)."""
        return {
            (name, number): offset
            for name, found in self._offsets.items()
            for number, offset in enumerate(found)
        }

    def cover(self, position: Position) -> None:
        """Take up partitions that `position` has and this has not, from their beginning."""
        for name, at in position.items():
            for _ in range(len(self._offsets[name]), len(at.offsets)):
                self._offsets[name].append(0)
                self._varints[name].append(_varint(0))
                self._forget(name)

    def position(self, topics: Iterable[str] | None = None) -> dict[str, TopicPosition]:
        """A copy of where it stands, for some topics or all."""
        names = self._epochs if topics is None else topics
        return {name: self._at.get(name) or self._standing(name) for name in names}

    def id(self, topics: tuple[str, ...]) -> str:
        """The id of where it stands in `topics`, which must be in canonical order."""
        found = self._ids.get(topics)
        if found is None:
            found = self._ids[topics] = _text(self._blocks.get(name) or self._built(name) for name in topics)
        return found

    def _forget(self, name: str) -> None:
        self._blocks.pop(name, None)
        self._at.pop(name, None)
        self._ids.clear()

    def _standing(self, name: str) -> TopicPosition:
        at = self._at[name] = TopicPosition(self._epochs[name], tuple(self._offsets[name]))
        return at

    def _built(self, name: str) -> bytes:
        block = self._blocks[name] = _head(name, self._epochs[name], len(self._varints[name])) + b"".join(
            self._varints[name]
        )
        return block


def _text(blocks: Iterable[bytes]) -> str:
    raw = _VERSION + b"".join(blocks)
    return _base64(raw + _check(raw))


def _check(raw: bytes) -> bytes:
    """Two bytes that a damaged or shortened id does not have."""
    return (zlib.crc32(raw) & 0xFFFF).to_bytes(_CHECK_BYTES, "big")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@lru_cache(maxsize=64)
def _block(name: str, epoch: bytes, offsets: tuple[int, ...]) -> bytes:
    # Who comes for what is to come stands where the one before him stood.
    return _head(name, epoch, len(offsets)) + b"".join(map(_varint, offsets))


def _head(name: str, epoch: bytes, partitions: int) -> bytes:
    return _varint(LIVE[name].code) + epoch + _varint(partitions)


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first, the top bit says that more follow."""
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 -- seven bits
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(raw: bytes, at: int) -> tuple[int, int]:
    """(number, index after it); raises UnknownPosition where the bytes end early or the number is no offset."""
    number = shift = 0
    while at < len(raw):
        byte = raw[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 -- the top bit
            if number > _MAX_OFFSET:
                break
            return number, at
        shift += 7
    raise UnknownPosition("cut short")
