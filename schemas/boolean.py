"""Boolean queries of keywords: `"harga beras" AND (naik OR turun) NOT iklan`, parsed once, written as each service spells them."""

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|"(?P<phrase>[^"]*)"|(?P<minus>-(?=[\w"(#$@]))|(?P<word>[^\s()"]+))'
)
_PLAIN = re.compile(r"[#$@]?\w+\Z")
_MOST_NESTED = 50
"""Parentheses and exclusions in one query: each may be within the one before, and is read by recursion."""
MOST_CHARACTERS = 1_000
"""The longest query; no service takes longer ones."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be there."""

    of: "Node"


@dataclass(frozen=True, slots=True)
class Every:
    """All of several."""

    of: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several."""

    of: "tuple[Node, ...]"


Node = Term | Not | Every | Either


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a service spells a query: what stands between two parts that both, or either, must hold, and before an exclusion."""

    both: str
    either: str
    exclude: str


def parse(query: str) -> Node:
    """The query as a tree; raises ValueError saying what is wrong with it.

    `AND`, `OR` and `NOT` are operators in capitals only; parts side by side must both hold, `-` is NOT; OR binds least.
    """
    if len(query) > MOST_CHARACTERS:
        raise ValueError(f"longer than {MOST_CHARACTERS} characters")
    tokens = _tokens(query)
    if sum(kind in ("open", "NOT") for kind, _ in tokens) > _MOST_NESTED:
        raise ValueError(f"more than {_MOST_NESTED} parentheses and exclusions")
    node = _either(tokens)
    if tokens:
        raise ValueError("a closing parenthesis without its opening one")
    if not _looks(node):
        raise ValueError("it only excludes: nothing is named to look for")
    return node


def spelled(node: Node, dialect: Dialect) -> str:
    """The tree as a service spells it."""
    return _spelled(node, dialect, within=False)


def _spelled(node: Node, dialect: Dialect, *, within: bool) -> str:
    match node:
        case Term(text):
            return text if _PLAIN.match(text) else f'"{text}"'
        case Not(of):
            return dialect.exclude + _spelled(of, dialect, within=True)
        case Every(of):
            joined = dialect.both.join(_spelled(one, dialect, within=True) for one in of)
        case Either(of):
            joined = dialect.either.join(_spelled(one, dialect, within=True) for one in of)
    return f"({joined})" if within else joined


def _tokens(query: str) -> list[tuple[str, str]]:
    """(kind, text) of every token, the last one first."""
    found: list[tuple[str, str]] = []
    at, end = 0, len(query.rstrip())
    while at < end:
        match = _TOKEN.match(query, at)
        if match is None:
            raise ValueError("a quotation mark without its second one")
        kind = str(match.lastgroup)
        text = match[kind]
        if kind == "word" and text in ("AND", "OR", "NOT"):
            kind = text
        found.append(("NOT" if kind == "minus" else kind, text))
        at = match.end()
    return found[::-1]


def _either(tokens: list[tuple[str, str]]) -> Node:
    parts = [_every(tokens)]
    while tokens and tokens[-1][0] == "OR":
        tokens.pop()
        parts.append(_every(tokens))
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _every(tokens: list[tuple[str, str]]) -> Node:
    parts = [_one(tokens)]
    while tokens and tokens[-1][0] not in ("OR", "close"):
        if tokens[-1][0] == "AND":
            tokens.pop()
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else Every(tuple(parts))


def _one(tokens: list[tuple[str, str]]) -> Node:
    kind, text = tokens.pop() if tokens else ("end", "")
    match kind:
        case "NOT":
            return Not(_one(tokens))
        case "open":
            node = _either(tokens)
            if not tokens or tokens.pop()[0] != "close":
                raise ValueError("an opening parenthesis without its closing one")
            return node
        case "word" | "phrase":
            words = " ".join(text.split())
            if not words:
                raise ValueError("a phrase of nothing")
            return Term(words)
        case "end":
            raise ValueError("it ends where a word should follow")
        case _:
            raise ValueError(f"{text} where a word should stand")


def _looks(node: Node) -> bool:
    """Whether whatever the tree finds holds something that it names."""
    match node:
        case Term():
            return True
        case Not():
            return False
        case Every(of):
            return any(map(_looks, of))
        case Either(of):
            return all(map(_looks, of))
