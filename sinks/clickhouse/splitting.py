"""Where to cut a range that ClickHouse refused for a bad row, so that only that row is given up."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from schemas.positions import Owed

MOST_SUSPECTS = 16
"""Records cut out at once: their parts are stored in one commit, whose metadata Kafka limits to 4 KiB."""


def parts(
    start: int, end: int, refused: Mapping[int, Sequence[int]], suspects: Iterable[int]
) -> tuple[Owed, ...]:
    """[start, end) cut into parts, owed for the refused schema ids alone; nothing where none is refused.

    `refused` has the offsets, at least two and in order, of each schema id. A suspect among them is cut out by itself;
    a schema id without one is cut in the middle. So every refused group is divided.
    """
    named = set(suspects)
    points = set()
    for offsets in refused.values():
        picked = [offset for offset in offsets if offset in named]
        points |= {at for offset in picked for at in (offset, offset + 1)} or {offsets[len(offsets) // 2]}
    if not refused:
        return ()
    bounds = [start, *sorted(point for point in points if start < point < end), end]
    schemas = tuple(sorted(refused))
    return tuple(Owed(first, last, schemas) for first, last in pairwise(bounds))
