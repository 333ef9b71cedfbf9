"""The keywords that are looked for, and where a text names them."""

from collections.abc import Mapping
from typing import Any

from ahocorasick_rs import AhoCorasick

from processors.logic.folded import fold
from schemas.events import Keyword

MAX_FOUND = 32
"""Keywords reported of one text at most; each becomes a subject."""


class KeywordIndex:
    """Keywords by id, searched all at once; follows changes one by one and rebuilds its automaton when next asked."""

    def __init__(self) -> None:
        self._keywords: dict[str, Keyword] = {}
        self._built: tuple[Any, list[list[tuple[str, frozenset[str]]]]] | None = None

    def __len__(self) -> int:
        return len(self._keywords)

    def put(self, keyword_id: str, keyword: Keyword | None) -> None:
        """Add, change or (None) remove a keyword."""
        if keyword is None:
            self._keywords.pop(keyword_id, None)
        else:
            self._keywords[keyword_id] = keyword
        self._built = None

    def find(self, folded: str, language: str) -> list[str]:
        """Sorted ids of the active keywords that stand in a folded text as whole words.

        A keyword with languages is found only in texts of these; `language` is an ISO 639-1 code or `und`.
        """
        automaton, owners = self._built or self._build()
        if automaton is None:
            return []
        found: set[str] = set()
        for pattern, start, end in automaton.find_matches_as_indexes(folded, overlapping=True):
            if _is_whole(folded, start, end):
                found.update(
                    keyword_id
                    for keyword_id, languages in owners[pattern]
                    if not languages or language in languages
                )
        return sorted(found)[:MAX_FOUND]

    def _build(self) -> tuple[Any, list[list[tuple[str, frozenset[str]]]]]:
        patterns: dict[str, list[tuple[str, frozenset[str]]]] = {}
        for keyword_id, keyword in self._keywords.items():
            pattern = fold(keyword["text"])
            if pattern and keyword["active"]:
                patterns.setdefault(pattern, []).append((keyword_id, frozenset(keyword["languages"])))
        built = (AhoCorasick(list(patterns)) if patterns else None, list(patterns.values()))
        self._built = built
        return built


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
