"""Cursors: where a page of landed rows ended, as clients carry it to the next one."""

import base64
import binascii
import struct

from api.parameters import Invalid

Cursor = tuple[int, int, int]
"""(time in ms, partition, offset) of the last row of a page."""

_CURSOR = struct.Struct(">qiq")
_HOUR = struct.Struct(">q")


def cursor_text(cursor: Cursor) -> str:
    """A cursor as clients carry it."""
    return base64.urlsafe_b64encode(_CURSOR.pack(*cursor)).rstrip(b"=").decode()


def cursor_of(text: str) -> Cursor:
    """The cursor in a text of `cursor_text`; raises ValueError."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        at, partition, offset = _CURSOR.unpack(raw)
    except (binascii.Error, struct.error, ValueError) as error:
        raise ValueError("not a cursor of this api") from error
    return at, partition, offset


def given_cursor(text: str | None) -> Cursor | None:
    """The cursor of a request's parameter `before`; raises Invalid."""
    try:
        return None if text is None else cursor_of(text)
    except ValueError as error:
        raise Invalid.one("before", str(error)) from error


def place_text(hour: int, name: str) -> str:
    """Where a page of rows by hour and name ended, as clients carry it."""
    return base64.urlsafe_b64encode(_HOUR.pack(hour) + name.encode()).rstrip(b"=").decode()


def given_place(text: str | None) -> tuple[int, str] | None:
    """The hour and name in a request's parameter `before`; raises Invalid."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        (hour,) = _HOUR.unpack(raw[: _HOUR.size])
        return hour, raw[_HOUR.size :].decode()
    except (binascii.Error, struct.error, ValueError) as error:
        raise Invalid.one("before", "not a cursor of this api") from error
