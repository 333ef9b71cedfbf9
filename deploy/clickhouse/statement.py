"""What a client asks for: one SQL statement, and the data that follows an INSERT's FORMAT clause."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_INSERT = re.compile(rb"\s*INSERT\s+INTO\b", re.IGNORECASE)
# Quoted text comes first in the alternation, so a FORMAT inside it is never taken for the clause.
_FORMAT = re.compile(
    rb"""'(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*` | "(?:[^"\\]|\\.)*" | \bFORMAT\s+(?P<name>\w+)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_LAST_FORMAT = re.compile(r"\bFORMAT (\w+)(?: SETTINGS \w+ = .*)?\Z", re.DOTALL)
_DATA_START = re.compile(rb"[ \t\f]*;?[ \t\f]*\r?\n?")
_INPUT = re.compile(r"\binput\s*\(\s*('(?:[^'\\]|\\.)*')\s*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one user; `data` is None unless it is an INSERT that carries its rows."""

    sql: str
    data: bytes | None = None
    data_format: str = ""
    database: str = "default"
    output_format: str = "TabSeparated"
    params: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def format_of(self, normal: str, formats: Mapping[str, str]) -> str:
        """The format of its output by its proper name: the one its FORMAT clause names, or the asked one.

        `normal` is the engine's normal form without what is quoted; `formats` are all there are, by their names in
        lower case, so that ORDER BY FORMAT DESC names none.
        """
        match = _LAST_FORMAT.search(normal)
        named = formats.get(match.group(1).lower()) if match else None
        return named or formats.get(self.output_format.lower(), self.output_format)

    def reading_input_from(self, path: str) -> str | None:
        """The statement with `input('…')` replaced by a file of the same structure; None if it has no input()."""
        match = _INPUT.search(self.sql)
        if match is None:
            return None
        source = f"file('{path}', '{self.data_format}', {match.group(1)})"
        return self.sql[: match.start()] + source + self.sql[match.end() :]


def split(text: bytes, body: bytes) -> tuple[str, bytes | None, str]:
    """(sql, data, format) of a request's query text and what came after it.

    An INSERT with a FORMAT clause is cut after it, the clause itself removed; VALUES stay part of the SQL.
    Raises UnicodeDecodeError where the SQL is not UTF-8.
    """
    if _INSERT.match(text):
        for match in _FORMAT.finditer(text):
            name = match.group("name")
            if name is None or name.upper() == b"VALUES":
                continue
            start = _DATA_START.match(text, match.end())
            tail = text[start.end() if start else match.end() :]
            return text[: match.start()].decode(), tail + body if tail else body, name.decode()
    return b"\n".join(part for part in (text, body) if part).decode(), None, ""
