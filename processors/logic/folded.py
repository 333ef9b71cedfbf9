"""The one form in which texts are compared: NFKC, case-folded, single spaces."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")


def fold(text: str) -> str:
    """`text` for comparison; addresses become a space, for what they spell is not said by anyone."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.casefold()
    if "www." in text or "://" in text:
        text = _ADDRESS.sub(" ", text)
    return _SPACES.sub(" ", text).strip()
