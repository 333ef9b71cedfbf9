"""A multipart form, as clients send a statement whose parameters are too long for an address (clickhouse-connect: over 4 KiB)."""

import re
from email import message_from_bytes
from email.message import Message

from deploy.clickhouse.guard import Refused

KIND = "multipart/form-data"
MOST_PARTS = 1_000
MOST_HEAD_BYTES = 1_000
"""Of the headers of one part: the library's reading of them is slower than their length."""

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The form's fields by name.

    Raises Refused where it is cut or none, where it has too many parts or too long heads, and where it carries a file: external
    tables are not spoken here.
    """
    _bounded(content_type, body)
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = message_from_bytes(head + body)
    parts = form.get_payload()
    if not isinstance(parts, list) or form.defects:
        raise Refused("this is no whole multipart form. (INCORRECT_DATA)", 117)
    found: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, Message):
            raise Refused("this is no whole multipart form. (INCORRECT_DATA)", 117)
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str) or part.get_filename() is not None:
            raise Refused("files in forms are not spoken here. (UNSUPPORTED_METHOD)", 1)
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            raise Refused("a form within a form is none. (INCORRECT_DATA)", 117)
        found[name] = content.decode()
    return found


def _bounded(content_type: str, body: bytes) -> None:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise Refused("this is no whole multipart form. (INCORRECT_DATA)", 117)
    parts = body.split(b"--" + boundary[1].encode(), MOST_PARTS + 1)[1:]
    if len(parts) > MOST_PARTS:
        raise Refused(f"a form of more than {MOST_PARTS} parts. (INCORRECT_DATA)", 117)
    for part in parts:
        head = part[: MOST_HEAD_BYTES + 4].partition(b"\r\n\r\n")
        if not head[1] and len(part) > MOST_HEAD_BYTES:
            raise Refused("a part of a form with too long a head. (INCORRECT_DATA)", 117)
        if b"multipart/" in head[0].lower():
            raise Refused("a form within a form is none. (INCORRECT_DATA)", 117)
