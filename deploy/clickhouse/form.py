"""A multipart form, as clients send a statement whose parameters are too long for an address (clickhouse-connect: over 4 KiB)."""

from email.parser import BytesParser
from email.policy import HTTP

from deploy.clickhouse.guard import Refused

KIND = "multipart/form-data"


def fields(content_type: str, body: bytes) -> dict[str, str]:
    """The form's fields by name. Raises Refused where it is cut or none, or carries a file: external tables are not spoken here."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + body)
    if not form.is_multipart() or form.defects:
        raise Refused("this is no whole multipart form. (INCORRECT_DATA)", 117)
    found: dict[str, str] = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str) or part.get_filename() is not None:
            raise Refused("files in forms are not spoken here. (UNSUPPORTED_METHOD)", 1)
        content = part.get_payload(decode=True)
        if not isinstance(content, bytes):
            raise Refused("a form within a form is none. (INCORRECT_DATA)", 117)
        found[name] = content.decode()
    return found
