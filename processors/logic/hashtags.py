"""Hashtags in a text."""

import re

MAX_FOUND = 20
"""Hashtags reported of one text at most; each becomes a subject."""

_HASHTAG = re.compile(r"(?<!\w)#(\w{2,64})(?!\w)")


def hashtags_in(folded: str) -> list[str]:
    """Sorted hashtags of a folded text, without #; a number alone is none."""
    if "#" not in folded:
        return []
    return sorted({tag for tag in _HASHTAG.findall(folded) if not tag.isdecimal()})[:MAX_FOUND]
