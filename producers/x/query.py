"""A keyword as a query of X's recent search, within its length."""

from producers.wanted import Wanted
from schemas.boolean import Dialect, Either

DIALECT = Dialect(both=" ", either=" OR ", exclude="-")

_LANGUAGES = {"id": "in", "he": "iw"}
"""X keeps ISO 639's former codes of some languages."""


def query_of(wanted: Wanted, most: int) -> str:
    """What finds the keyword's posts, retweets left out: their text is another post's.

    Raises ValueError where it cannot be read or has more than `most` characters.
    """
    query = wanted.spelled(DIALECT)
    if isinstance(wanted.tree(), Either):
        query = f"({query})"
    languages = " OR ".join(f"lang:{_LANGUAGES.get(code, code)}" for code in wanted.languages)
    if languages:
        query += f" ({languages})" if len(wanted.languages) > 1 else f" {languages}"
    query += " -is:retweet"
    if len(query) > most:
        raise ValueError(f"{len(query)} characters as a query of X, which takes {most}")
    return query


def language(code: str | None) -> str | None:
    """X's code of a language as ISO 639-1; None where it names none."""
    former = {old: new for new, old in _LANGUAGES.items()}
    return None if code is None or len(code) != 2 else former.get(code, code)  # noqa: PLR2004 -- of ISO 639-1
