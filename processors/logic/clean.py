"""Cleans the text of a post for storing and analysing, without changing what it says."""

import html
import re
import unicodedata

MAX_LENGTH = 20_000
"""Characters kept of one text. Longer than any article collected so far; a bound on memory, not on style."""

_MARGIN = 4
"""A character may stand as this many before entities and compositions are resolved, and still count in full."""

# Controls, invisible direction marks, byte-order marks, unpaired surrogates (which UTF-8 cannot carry), the sign for
# broken bytes. Joiners stay: emoji and some scripts are made with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffd\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def clean(text: str, longest: int = MAX_LENGTH) -> tuple[str, bool]:
    """One line of NFC text without entities, controls and repeated space, and whether it had to be cut at `longest`.

    Pure and total; work and memory are bounded by `longest`, however long the text is.
    """
    bound = longest * _MARGIN
    cut = len(text) > bound
    if cut:
        text = text[:bound]
    if "&" in text:
        text = html.unescape(text)
    text = _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if len(text) <= longest:
        return text, cut
    return text[:longest].rstrip(), True
