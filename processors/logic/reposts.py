"""Whether a text says of itself that it is another one's."""

import re

_MARK = re.compile(r"\W*RT\s+@\w", re.IGNORECASE)


def is_repost(text: str) -> bool:
    """Whether it begins with the mark of a repeated post (`RT @name`); `text` is cleaned, not folded."""
    return _MARK.match(text) is not None
