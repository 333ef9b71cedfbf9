"""What a reader may say: one reading statement without SETTINGS, INTO OUTFILE or a look outside the database."""

import re
from collections.abc import Callable, Iterable

READONLY = 164
"""ClickHouse's code for what a read-only user may not do."""

_ALLOWED = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_INSIDE = frozenset(
    [
        "numbers",
        "numbers_mt",
        "zeros",
        "zeros_mt",
        "primes",
        "generate_series",
        "generateSeries",
        "generateRandom",
        "values",
        "SQLStandardValues",
        "null",
        "format",
        "dictionary",
    ]
)
"""Table functions that look at nothing but their arguments and tables they name as any query does.

`merge` is not among them: it passes by the filters that hide rows. Nor is `view`: what it selects from is opened past
the engine's read-only mode.
"""

_TELLING = re.compile(r"\b(hasColumnInTable|joinGet\w*)\s*\(", re.IGNORECASE)
"""Functions that say of a table named by an expression whether it is there."""
_FILES = re.compile(r"(?<![.\w])default\.|\bFROM default\b")
"""The database `default` of chDB is an overlay in which every file of the host is a table."""


class Refused(Exception):  # noqa: N818 -- named for the decision, not the mishap
    """The statement is not for this user; `code` is the ClickHouse error code to answer with."""

    def __init__(self, message: str, code: int = READONLY) -> None:
        super().__init__(f"Code: {code}. DB::Exception: {message}")
        self.code = code


def outside(table_functions: Iterable[str]) -> re.Pattern[str]:
    """Finds a call of one of the engine's table functions that reaches beyond the database.

    What is not known to be harmless is taken to reach out: the engine in read-only mode refuses most of these itself,
    but not `python`, `eval` or the newest lake formats.
    """
    names = sorted({*table_functions, "file"} - _INSIDE)
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})\s*\(", re.IGNORECASE)


def check_reader(sql: str, canonical: Callable[[str], str], reaching: re.Pattern[str]) -> str:
    """The normal form of `sql`; raises Refused unless a reader may run it. `reaching` is what `outside` made.

    `canonical` is the engine's own parser (formatQuerySingleLine): it raises on several statements and returns
    text without comments, with upper-case keywords and plainly quoted literals, so that looking for words in
    it is safe.
    """
    normal = canonical(sql)
    text = plain(normal)
    words = text.lstrip("(").split(None, 1)
    verb = words[0].upper() if words else ""
    if verb not in _ALLOWED:
        raise Refused(f"a reader may not run {verb or 'an empty statement'}. (READONLY)")
    if re.search(r"\bINTO OUTFILE\b", text):
        raise Refused("a reader may not write files: INTO OUTFILE. (READONLY)")
    if re.search(r"\bSETTINGS\s+\w+\s*=", text):
        raise Refused("a reader may not change settings: SETTINGS. (READONLY)")
    found = reaching.search(text) or _TELLING.search(text)
    if found:
        raise Refused(f"a reader may not look outside the database: {found.group(1)}(). (READONLY)")
    if _FILES.search(text) or re.search(r":\s*Identifier\b", text):
        raise Refused("a reader may not look outside the database: default. (READONLY)")
    # What a plain name cannot name is not a table of ours, but may be a file.
    if verb == "EXISTS" and "''" in text:
        raise Refused("a reader may not ask whether a quoted name exists: EXISTS. (READONLY)")
    return normal


def plain(normal: str) -> str:
    """A statement's normal form without what it quotes."""
    return _QUOTED.sub("''", normal).strip()
