"""What a request asks of a collector, or why it is refused."""

from collections.abc import Sequence

from schemas.errors import Poison
from schemas.events import Request

_KEYWORDS = 100
_ID_CHARACTERS = 200
_KEYWORD_CHARACTERS = 100


def wanted_of(request: Request, sources: Sequence[str], searching: Sequence[str]) -> Sequence[str]:
    """The sources that are to be read for `request`.

    `sources` are those of the collector that it is for, `searching` those of them that search for keywords. Raises Poison
    (rejected) where it names a source that there is none of, or keywords for what does not search.
    """
    if not 0 < len(request["id"]) <= _ID_CHARACTERS:
        raise Poison(
            "rejected", f"its id has {len(request['id'])} characters, and may have 1 to {_ID_CHARACTERS}"
        )
    if len(request["keywords"]) > _KEYWORDS:
        raise Poison("rejected", f"{len(request['keywords'])} keywords, {_KEYWORDS} may be asked for at once")
    longest = max(map(len, request["keywords"]), default=0)
    if longest > _KEYWORD_CHARACTERS:
        raise Poison(
            "rejected", f"a keyword has {longest} characters, and may have {_KEYWORD_CHARACTERS} at most"
        )
    source, target = request["source"], request["target"]
    if source is not None and source not in sources:
        raise Poison("rejected", f"{target} has no source {source!r}; it has: {', '.join(sources)}"[:500])
    named = sources if source is None else [source]
    if not request["keywords"]:
        return named
    found = [one for one in named if one in searching]
    if not found:
        raise Poison(
            "rejected", f"{target if source is None else f'{target}/{source}'} does not search for keywords"
        )
    return found
