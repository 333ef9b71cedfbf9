"""What a reader may say: one reading statement without SETTINGS, INTO OUTFILE or a look outside the database."""

import re
from collections.abc import Callable

READONLY = 164
"""ClickHouse's code for what a read-only user may not do."""

_ALLOWED = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
# The engine refuses most of these itself in read-only mode; `python` it does not.
_OUTSIDE = re.compile(
    r"\b(file|fileCluster|url|urlCluster|s3|s3Cluster|gcs|hdfs|azureBlobStorage|remote|remoteSecure|cluster|"
    r"executable|python|mysql|postgresql|mongodb|redis|sqlite|jdbc|odbc|deltaLake|iceberg|hudi)\s*\(",
    re.IGNORECASE,
)


class Refused(Exception):  # noqa: N818 -- named for the decision, not the mishap
    """The statement is not for this user; `code` is the ClickHouse error code to answer with."""

    def __init__(self, message: str, code: int = READONLY) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}")
        self.code = code


def check_reader(sql: str, canonical: Callable[[str], str]) -> None:
    """Raise Refused unless a reader may run `sql`.

    `canonical` is the engine's own parser (formatQuerySingleLine): it raises on several statements and returns
    text without comments, with upper-case keywords and plainly quoted literals, so that looking for words in
    it is safe.
    """
    text = _QUOTED.sub("''", canonical(sql)).strip()
    words = text.lstrip("(").split(None, 1)
    verb = words[0].upper() if words else ""
    if verb not in _ALLOWED:
        raise Refused(f"a reader may not run {verb or 'an empty statement'}. (READONLY)")
    if re.search(r"\bINTO OUTFILE\b", text):
        raise Refused("a reader may not write files: INTO OUTFILE. (READONLY)")
    if re.search(r"\bSETTINGS\s+\w+\s*=", text):
        raise Refused("a reader may not change settings: SETTINGS. (READONLY)")
    outside = _OUTSIDE.search(text)
    if outside:
        raise Refused(f"a reader may not look outside the database: {outside.group(1)}(). (READONLY)")
