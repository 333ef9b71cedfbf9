"""robots.txt (RFC 9309): what a site asks of robots, read by its longest matching rule, with `*` and `$`.

The parser of the standard library knows neither wildcards nor the longest match, and would let us in where we are not wanted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

_MOST_CHARACTERS = 500_000
_MOST_RULES = 2_000
# No two parts of it match the same character, so that no line makes it look twice.
_LINE = re.compile(r"\s*([A-Za-z-]+)\s*:([^#]*)")
_DELAY = re.compile(r"\d{1,6}(?:\.\d{1,3})?\Z")
_SAFE = "/*$%!&'()+,;=:@?~"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one robot: (allowed, pattern) of its groups, and the pause in seconds that is asked for."""

    rules: Sequence[tuple[bool, str]] = ()
    delay_s: float | None = None

    def allows(self, url: str) -> bool:
        """Whether `url` may be read; of rules of one length the one that allows wins."""
        parts = urlsplit(url)
        path = _spelled((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        best = max(
            ((len(pattern), allowed) for allowed, pattern in self.rules if _matches(pattern, path)),
            default=(0, True),
        )
        return best[1]


def rules_for(robot: str, text: str) -> Rules:
    """The rules for `robot` (its product token) in a robots.txt, or those for all where none are for it by name."""
    named: list[tuple[str, str]] = []
    everyone: list[tuple[str, str]] = []
    by_name = for_all = False
    found = False
    heads = True
    for key, value in _lines(text[:_MOST_CHARACTERS]):
        if key == "user-agent":
            if not heads:
                by_name = for_all = False
            heads = True
            if value.lower() == robot.lower():
                by_name = found = True
            elif value == "*":
                for_all = True
        elif key in ("allow", "disallow", "crawl-delay"):
            heads = False
            for group, meant in ((named, by_name), (everyone, for_all)):
                if meant and len(group) < _MOST_RULES:
                    group.append((key, value))
    return _rules(named if found else everyone)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.lstrip("\ufeff").splitlines():
        match = _LINE.match(line)
        if match is not None:
            yield match[1].lower(), match[2].strip()


def _rules(said: Sequence[tuple[str, str]]) -> Rules:
    delays = [float(value) for key, value in said if key == "crawl-delay" and _DELAY.match(value)]
    rules = [(key == "allow", _spelled(value)) for key, value in said if key != "crawl-delay" and value]
    return Rules(tuple(rules), max(delays, default=None))


def _spelled(path: str) -> str:
    """In one spelling, whatever of it was percent-encoded."""
    return quote(unquote_to_bytes(path.encode("utf-8", "replace")), safe=_SAFE)


def _matches(pattern: str, path: str) -> bool:
    """Part by part from the left, so that no pattern takes longer than its length allows."""
    whole = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not rest:
        return not whole or at == len(path)
    for part in rest[:-1]:
        at = path.find(part, at)
        if at < 0:
            return False
        at += len(part)
    last = rest[-1]
    return path.endswith(last) and len(path) - len(last) >= at if whole else path.find(last, at) >= 0
