"""The words of a text that may say what a subject is about."""

import re
import tomllib
from functools import cache
from importlib.resources import files

MAX_TERMS = 32
"""Words taken of one text at most, the first ones."""

_WORD = re.compile(r"(?<![\w@#$])[^\W\d_][\w'\u2019-]{2,29}(?![\w@])")


def terms_of(folded: str, language: str) -> list[str]:
    """Different words of a folded text in the order they stand, without the stop words of its language.

    Handles, hashtags and cashtags are left out: they are subjects of their own. A text of an unknown language loses
    the stop words of all languages known here.
    """
    stop = stop_words(language)
    found: dict[str, None] = {}
    for word in _WORD.findall(folded):
        plain = word.removesuffix("'s").removesuffix("\u2019s").rstrip("-'\u2019")
        if plain not in stop and len(plain) > 2:  # noqa: PLR2004 -- shorter ones are particles and initials
            found[plain] = None
            if len(found) == MAX_TERMS:
                break
    return list(found)


@cache
def stop_words(language: str) -> frozenset[str]:
    """The stop words of a language, those of all languages where it has none."""
    by_language = _lists()
    return by_language.get(language) or frozenset().union(*by_language.values())


@cache
def _lists() -> dict[str, frozenset[str]]:
    data = tomllib.loads((files("processors.logic") / "words" / "stop.toml").read_text(encoding="utf-8"))
    # "http" and "user" are what data sets put in the place of addresses and handles, whatever the language.
    return {
        language: frozenset(words.split()) | {"http", "https", "user"} for language, words in data.items()
    }
