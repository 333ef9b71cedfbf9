"""The keywords that are looked for, and where a text names them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import AhoCorasick

from processors.logic.folded import fold
from schemas.boolean import Either, Every, Node, Not, Term, parse
from schemas.errors import Poison
from schemas.events import Keyword

MAX_FOUND = 32
"""Keywords reported of one text at most; each becomes a subject."""


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a keyword is found by: its query, or its text alone; in texts of these languages, none: of all."""

    id: str
    tree: Node
    languages: frozenset[str]


class KeywordIndex:
    """Keywords by id, searched all at once; follows changes one by one and rebuilds its automaton when next asked."""

    def __init__(self) -> None:
        self._keywords: dict[str, _Sought] = {}
        self._built: tuple[Any, list[str], list[list[_Sought]]] | None = None

    def __len__(self) -> int:
        return len(self._keywords)

    def put(self, keyword_id: str, keyword: Keyword | None) -> None:
        """Add, change or (None) remove a keyword; raises Poison (invalid) where its query cannot be read."""
        if keyword is None or not keyword["active"]:
            self._keywords.pop(keyword_id, None)
        else:
            self._keywords[keyword_id] = _Sought(keyword_id, _tree(keyword), frozenset(keyword["languages"]))
        self._built = None

    def find(self, folded: str, language: str) -> list[str]:
        """Sorted ids of the active keywords that a folded text names.

        A keyword with a Boolean query is named where the query holds, in place of its text; words and phrases hold where they stand
        as whole words. A keyword with languages is found only in texts of these; `language` is an ISO 639-1 code or `und`.
        """
        automaton, patterns, owners = self._built or self._build()
        if automaton is None:
            return []
        said = {
            pattern
            for pattern, start, end in automaton.find_matches_as_indexes(folded, overlapping=True)
            if _is_whole(folded, start, end)
        }
        if not said:
            return []
        texts = {patterns[pattern] for pattern in said}
        # Each once, however many of its words are there.
        sought = {one.id: one for pattern in said for one in owners[pattern]}
        found = (
            one.id
            for one in sought.values()
            if (not one.languages or language in one.languages) and _holds(one.tree, texts)
        )
        return sorted(found)[:MAX_FOUND]

    def _build(self) -> tuple[Any, list[str], list[list[_Sought]]]:
        owners: dict[str, list[_Sought]] = {}
        for sought in self._keywords.values():
            for text in {*_terms(sought.tree)}:
                if text:
                    owners.setdefault(text, []).append(sought)
        patterns = list(owners)
        built = (AhoCorasick(patterns) if patterns else None, patterns, list(owners.values()))
        self._built = built
        return built


def _tree(keyword: Keyword) -> Node:
    """What a text must hold, its words folded as texts are; a keyword of nothing is never found."""
    if keyword["query"] is None:
        return Term(fold(keyword["text"]))
    try:
        return _folded(parse(keyword["query"]))
    except ValueError as error:
        raise Poison("invalid", f"the query of a keyword cannot be read: {error}") from error


def _folded(node: Node) -> Node:
    match node:
        case Term(text):
            return Term(fold(text))
        case Not(of):
            return Not(_folded(of))
        case Every(of):
            return Every(tuple(map(_folded, of)))
        case Either(of):
            return Either(tuple(map(_folded, of)))


def _terms(node: Node) -> Iterator[str]:
    match node:
        case Term(text):
            yield text
        case Not(of):
            yield from _terms(of)
        case Every(of) | Either(of):
            for one in of:
                yield from _terms(one)


def _holds(node: Node, said: set[str]) -> bool:
    match node:
        case Term(text):
            return text in said
        case Not(of):
            return not _holds(of, said)
        case Every(of):
            return all(_holds(one, said) for one in of)
        case Either(of):
            return any(_holds(one, said) for one in of)


def whole_words(automaton: Any, owners: Mapping[int, str], folded: str) -> set[str]:
    """What the patterns found in `folded` as whole words stand for."""
    return {
        owners[pattern]
        for pattern, start, end in automaton.find_matches_as_indexes(folded, overlapping=True)
        if _is_whole(folded, start, end)
    }


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] neither continues the word before it nor is continued by the one after."""
    return not (start and _is_word(text[start - 1]) and _is_word(text[start])) and not (
        end < len(text) and _is_word(text[end]) and _is_word(text[end - 1])
    )


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
