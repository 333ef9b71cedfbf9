"""The first field of an encoded event, read without decoding the rest.

Trends and bars begin with their id (a test holds this against the schemas), which says whose window it is and which. Of the
windows that no rule asks for nothing else needs to be known, and decoding is what reading them costs most.
"""

from schemas.codec import HEADER_BYTES


def first_string(value: bytes) -> str | None:
    """The string that an event begins with; None where there is none, as decoding will say in words."""
    length = shift = 0
    at = HEADER_BYTES
    while True:
        if at >= len(value) or shift > 28:  # noqa: PLR2004 -- no string of ours needs more than four bytes of length
            return None
        byte = value[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 -- the highest bit says that more follows
            break
        shift += 7
    end = at + (length >> 1)
    if length & 1 or end > len(value):
        return None
    try:
        return value[at:end].decode()
    except UnicodeDecodeError:
        return None
