"""Amounts that a text compares: which way they went, in a word, before the figures themselves are read over.

"Profit was EUR 0.03 compared with EUR 0.09 a year ago" says by its digits alone that things went down, and the model never sees
digits: all are one marker (`normalise`). So `down` is put before what compares, `turun` in Indonesian.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_SCALES = {
    "k": 1e3,
    "ribu": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "jt": 1e6,
    "juta": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "bln": 1e9,
    "miliar": 1e9,
    "milyar": 1e9,
    "billion": 1e9,
    "t": 1e12,
    "tn": 1e12,
    "triliun": 1e12,
    "trillion": 1e12,
}
_CURRENCIES = {"€": "eur", "$": "usd", "£": "gbp", "rp": "idr", "us$": "usd"}
_SHARE = "%"

_COMPARING = re.compile(
    r"\b(?:(?P<en>compared (?:with|to)|versus|vs\.?|against|from)|(?P<id>dibanding(?:kan)?|ketimbang|dari))(?!\w)|(?P<aside>\()",
    re.IGNORECASE,
)
_TWO = re.compile(r"\d\D.*?\d", re.DOTALL)
_NUMBER = re.compile(r"\d[\d.,]*")
_CURRENCY = re.compile(
    r"(?:\b(EUR|USD|IDR|Rp|GBP|SEK|NOK|DKK|CHF|JPY|SGD|MYR|US\$)|([€$£]))\.?\s?(?:-\s?)?$", re.IGNORECASE
)
_UNIT = re.compile(
    r"(?P<share>\s?%|\s(?:pct|percent|per cent|persen)\b)|\s?(?P<scale>"
    + "|".join(sorted(_SCALES, key=len, reverse=True))
    + r")\b",
    re.IGNORECASE,
)
_WRITTEN = re.compile(r"\d{1,15}(?:[.,]\d{1,15}){0,5}")
_FROM = re.compile(r"\b(?:(?P<en>from)|(?P<id>dari))\s+$", re.IGNORECASE)
_TO = re.compile(r"\s*(?:to|into|menjadi|jadi|ke)\s*", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<!\bvs)[.;!?]\s", re.IGNORECASE)
_GAIN = re.compile(r"\b(?:profit|gain|surplus|laba|untung)\b", re.IGNORECASE)
_LOSS = re.compile(r"\b(?:loss|deficit|rugi|defisit)\b", re.IGNORECASE)
_SAID = re.compile(r"\b(?:up|down|naik|turun)\s*$", re.IGNORECASE)
_INDONESIAN = re.compile(r"\bRp|\b(?:persen|miliar|milyar|triliun|juta|jt)\b", re.IGNORECASE)
_MINUS = re.compile(r"(?<![\w.,])-\s?$")
_CURRENCY_LONG = 8
"""Characters before a number that may be its currency, with what stands between."""
_APART = 100
"""Characters between two amounts that still belong together."""
_BEFORE = 40
"""Characters before an amount that tell what it is of."""
_THOUSAND = 3
"""Digits of a group between separators of thousands."""


@dataclass(frozen=True, slots=True)
class _Amount:
    start: int
    end: int
    value: float
    unit: str


def compared(text: str) -> str:
    """The text with `up` or `down` (`naik`, `turun`) before each comparison of two amounts of one unit; pure and total."""
    if _TWO.search(text) is None or _COMPARING.search(text) is None:
        return text
    said = dict(_told(text))
    if not said:
        return text
    parts, at = [], 0
    for place, word in sorted(said.items()):
        parts += [text[at:place], word, " "]
        at = place
    return "".join([*parts, text[at:]])


def _told(text: str) -> Iterator[tuple[int, str]]:
    """Places, each with the word that is to stand there."""
    for one, other in pairwise(_amounts(text)):
        between = text[one.end : other.start]
        if one.unit != other.unit or one.value == other.value:
            continue
        if len(between) > _APART or _SENTENCE.search(between):
            continue
        before = text[max(0, one.start - _BEFORE) : one.start]
        if _TO.fullmatch(between):
            if (begins := _FROM.search(before)) and not _SAID.search(before[: begins.start()]):
                place = one.start - len(before) + begins.start()
                yield place, _word(other.value > one.value, begins["id"] is not None)
        elif (found := _last(between)) and not _SAID.search(between[: found.start()]):
            if found["aside"] and not (between.strip() == "(" and text[other.end : other.end + 1] == ")"):
                continue
            if _of_other_kind(before, between):
                continue
            indonesian = found["id"] or (found["aside"] and _INDONESIAN.search(text[one.start : other.end]))
            yield one.end + found.start(), _word(one.value > other.value, bool(indonesian))


def _last(between: str) -> re.Match[str] | None:
    found = None
    for found in _COMPARING.finditer(between):  # noqa: B007 -- the last one is wanted
        pass
    return found


def _word(rose: bool, indonesian: bool) -> str:
    if indonesian:
        return "naik" if rose else "turun"
    return "up" if rose else "down"


def _of_other_kind(before: str, between: str) -> bool:
    """Whether a loss is compared with a profit: then the larger figure says nothing."""
    if _GAIN.search(between):
        return _LOSS.search(before) is not None
    return _LOSS.search(between) is not None and _LOSS.search(before) is None


def _amounts(text: str) -> Iterator[_Amount]:
    """What has a currency, a scale or is a share; a bare number may be a year."""
    for found in _NUMBER.finditer(text):
        digits = found[0].rstrip(".,")
        start, end = found.start(), found.start() + len(digits)
        unit = _UNIT.match(text, end)
        before = text[max(0, start - _CURRENCY_LONG) : start]
        currency = _CURRENCY.search(before)
        if (unit is None and currency is None) or _WRITTEN.fullmatch(digits) is None:
            continue
        if currency is None and before[-1:].isalpha():
            continue
        scale = _SCALES[unit["scale"].lower()] if unit and unit["scale"] else 1.0
        money = (currency[1] or currency[2]).lower() if currency else ""
        name = _SHARE if unit and unit["share"] else _CURRENCIES.get(money, money)
        minus = _MINUS.search(before)
        value = _number(digits) * scale * (-1 if minus else 1)
        led = currency or minus
        yield _Amount(start - (len(led[0]) if led else 0), unit.end() if unit else end, value, name)


def _number(digits: str) -> float:
    """Of either way to write it: 1,234.5 and 1.234,5; a lone group of three digits is of thousands, but for behind a 0."""
    parts = re.split(r"[.,]", digits)
    marks = re.findall(r"[.,]", digits)
    if not marks:
        return float(digits)
    grouped = len(parts[-1]) == _THOUSAND and parts[0] != "0"
    decimal = len(set(marks)) > 1 or (len(marks) == 1 and not grouped)
    return float("".join(parts[:-1]) + "." + parts[-1]) if decimal else float("".join(parts))
