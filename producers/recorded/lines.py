"""Lines of a file, bounded: a line of any length is read without holding more than a limit of it."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

LINE_BYTES = 2 * 1024 * 1024
"""The longest line that is read whole: the largest post, written with six-byte escapes, and room around it."""

_SKIP_BYTES = 1024 * 1024


class Line(NamedTuple):
    """One line: `number` counts from 1, `data` has no line end and is cut to the limit, `size` is the whole."""

    number: int
    data: bytes
    size: int
    end: int
    """Offset in the file of the byte after it, line end included."""

    @property
    def cut(self) -> bool:
        """Whether `data` is not all of it."""
        return len(self.data) < self.size


def read_lines(file: BinaryIO, offset: int = 0, number: int = 0, limit: int = LINE_BYTES) -> Iterator[Line]:
    """The lines after byte `offset`, of which `number` lines stood before; holds `limit` bytes at most."""
    file.seek(offset)
    while data := file.readline(limit):
        number += 1
        start = offset
        offset += len(data)
        kept = data.rstrip(b"\r\n")
        size = len(kept)
        last = data
        while not last.endswith(b"\n") and (last := file.readline(_SKIP_BYTES)):
            offset += len(last)
            size = offset - start
        yield Line(number, kept, size, offset)
