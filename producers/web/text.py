"""HTML as the plain text a reader sees: tags, scripts and entities gone, one space where there was a block."""

import re
from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg"})
_INLINE = frozenset(
    {"a", "abbr", "b", "bdi", "cite", "code", "em", "font", "i", "mark", "q", "s", "small", "span"}
)
_INLINE_TOO = frozenset({"strong", "sub", "sup", "time", "u", "wbr"})
_LONGEST = 20_000
"""Characters of markup that are looked at; the text of a feed's entry is shorter."""
_MANY = 500
"""Tags from which on they are taken out by pattern: html.parser is quadratic in tags that do not end."""
_TAGS = re.compile(r"<[^<>]*>?")

_SPACES = re.compile(r"[\s\0]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- of the base
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag not in _INLINE and tag not in _INLINE_TOO:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag not in _INLINE and tag not in _INLINE_TOO:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def plain(markup: str) -> str:
    """The text of `markup` in one line; text without markup comes back as it is."""
    if "<" in markup or "&" in markup:
        markup = markup[:_LONGEST]
        if markup.count("<") > _MANY:
            markup = _TAGS.sub(" ", markup)
        reader = _Reader()
        # html.parser gives up on marked sections that it does not know.
        reader.feed(markup.replace("<![", "&lt;!["))
        reader.close()
        markup = "".join(reader.parts)
    return _SPACES.sub(" ", markup).strip()


def joined(title: str, summary: str) -> str:
    """Title and summary as one text, the title as a sentence of its own; a summary that repeats it says it once."""
    if not summary or not title or summary.startswith(title):
        return summary or title
    return f"{title} {summary}" if title[-1] in ".!?…:;" else f"{title}. {summary}"
