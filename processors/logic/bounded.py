"""Bounded collections whose content does not depend on the order in which they were filled, as far as that can be."""

from collections.abc import Iterable, Mapping
from zlib import crc32


def top(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """The `most` largest counts, equal ones by name, largest first."""
    if len(counts) > most:
        return dict(sorted(counts.items(), key=_largest_first)[:most])
    return dict(counts)


def sample(ids: Iterable[str], most: int) -> list[str]:
    """At most `most` of the ids, always the same ones: the lowest hashes, so that samples of parts make the sample of all."""
    return sorted(set(ids), key=_by_hash)[:most]


def _largest_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _by_hash(post_id: str) -> tuple[int, str]:
    return crc32(post_id.encode()), post_id
