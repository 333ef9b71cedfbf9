"""Amounts that a text compares: which way they went, in a word, before the figures themselves are read over.

"Profit was EUR 0.03 compared with EUR 0.09 a year ago" says by its digits alone that things went down, and the model never sees
digits: all are one marker (`normalise`). So `down` is put before what compares, `turun` in Indonesian. A wrong word is worse than
none: whatever is not plainly such a comparison is left as it is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_SCALES = {
    1e3: ("k", "rb", "ribu", "thousand"),
    1e6: ("m", "mn", "mln", "mil", "mio", "jt", "juta", "million", "millions"),
    1e9: ("b", "bn", "bln", "bil", "miliar", "milyar", "billion", "billions"),
    1e12: ("t", "tn", "trn", "triliun", "trillion", "trillions"),
}
_SCALE_OF = {word: scale for scale, words in _SCALES.items() for word in words}
_RUPIAH = "rp"
_RUPIAH_M = 1e9
"""What M says behind rupiah: miliar."""
_SAME = {"us$": "usd", "$": "usd", "€": "eur", "£": "gbp", "idr": _RUPIAH}

# ASCII: other letters fold into these (a dotless i is an i), and are none of them.
_FLAGS = re.ASCII | re.IGNORECASE
_TWO = re.compile(r"\d\D.*?\d", re.DOTALL)
_NUMBER = re.compile(r"\d[\d.,]*")
_ENGLISH = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,15})?")
_CONTINENTAL = re.compile(r"(?:\d{1,3}(?:\.\d{3})+|\d{1,15})(?:,\d{1,15})?")
_LED = re.compile(
    r"(?P<minus>(?:(?<=\s)|(?<=\()|^)[-\u2212\u2013](?!\s))?"
    r"(?P<currency>(?<![A-Za-z])(?:EUR|USD|IDR|Rp|GBP|SEK|NOK|DKK|CHF|JPY|SGD|MYR|[A-Z]{0,3}\$)|[€£])?"
    r"\.?\s?(?P<second>(?<=\s)[-\u2212](?!\s))?$",
    _FLAGS,
)
_SCALE = "|".join(sorted(_SCALE_OF, key=len, reverse=True))
_UNIT = re.compile(
    r"(?P<share>\s?%|\s(?:pct|percent|per cent|persen)(?![A-Za-z]))|\s?(?P<scale>"
    rf"{_SCALE})(?![A-Za-z\d])",
    _FLAGS,
)
_RANGE_BEFORE = re.compile(rf"[\d%]\s?(?:(?:{_SCALE})\s?)?(?:-|\u2013|\u2212|to|sampai|hingga)\s?$", _FLAGS)
_RANGE_BEHIND = re.compile(
    r"\s?(?:[-\u2013\u2212]|to|sampai|hingga|and)\s?(?:[A-Z]{0,3}[$€£]|[A-Z]{2,3}\s?)?\d", _FLAGS
)
_PLACE = r"(?:,? (?:in|for|during|at|on|pada|di|selama|per) [\w' -]{1,50}?)?,?"
_WHAT_EN = (
    r"(?:(?:a|an|the|its|about|around|roughly|approximately|some|just|only|nearly|year-ago|year-earlier|prior|previous|last|"
    r"corresponding|comparable|expected|estimated|consensus|est\.?|estimates?|forecasts?|expectations?|net|operating|pre-?tax|"
    r"loss|deficit|profit|gain|income|earnings|sales|revenues?|turnover|year|quarter|period|figure|level|margin|of|at|for)\s){0,6}"
)
_WHAT_ID = (
    r"(?:(?:dengan|periode|yang|sama|tahun|lalu|sebelumnya|kuartal|semester|laba|rugi|untung|defisit|bersih|usaha|pendapatan|penjualan|posisi|"
    r"realisasi|capaian|sebesar|senilai|sekitar|hanya|mencapai|tercatat|pada|di|[IV]{1,3}|(?:19|20)\d\d)\s){0,8}"
)
_COMPARED = re.compile(
    rf"{_PLACE}\s(?P<en>compared (?:with|to)|versus|vs\.?|against|(?P<weak>from))\s{_WHAT_EN}"
    rf"|{_PLACE}\s(?P<id>dibanding(?:kan)?|ketimbang|dari(?=\s(?:periode|posisi|realisasi|tahun\slalu|tahun\ssebelumnya|sebelumnya)))\s{_WHAT_ID}"
    r"|\s?(?P<aside>\()",
    _FLAGS,
)
_COMPARING = re.compile(r"compared|versus|\bvs\b|against|from|dibanding|ketimbang|dari|\(", _FLAGS)
_JOINED = re.compile(r"(?<![A-Za-z])(?:and|while|but|dan|sedangkan|with|dengan)(?![A-Za-z])", _FLAGS)
_FROM = re.compile(r"(?P<not>(?:lebih|kurang|terdiri|berasal)\s)?dari\s$", _FLAGS)
_TO = re.compile(r"\s(?:menjadi|jadi|ke)\s", _FLAGS)
# What a level is named by; "rose 3 % from" is a change.
_LEVEL = re.compile(r"(?<![A-Za-z])(?:to|at|was|were|is|are|of|totalled|totaled|reached|hit|came)\s$", _FLAGS)
_CHANGE = re.compile(
    r"(?<![A-Za-z])(?:by|up|down|naik|turun|tumbuh|anjlok|melonjak|merosot|sebesar)\s$", _FLAGS
)
_GAIN = re.compile(r"(?<![A-Za-z])(?:profit|gain|surplus|income|earnings|laba|untung)", _FLAGS)
_LOSS = re.compile(r"(?<![A-Za-z])(?:loss|deficit|rugi|defisit)", _FLAGS)
_SAID = re.compile(r"(?<![A-Za-z])(?:up|down|higher|lower|naik|turun)(?:\s\w+)?\s*$", _FLAGS)
_INDONESIAN = re.compile(r"(?<![A-Za-z])(?:Rp|persen|miliar|milyar|triliun|juta|jt)(?![A-Za-z])", _FLAGS)
_APART = 100
"""Characters between two amounts that still belong together."""
_BEFORE = 40
"""Characters before an amount that tell what it is of."""
_LEADING = 8
"""Characters before a number that may be its currency and sign."""


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number as it is written, and what it counts: below 0 behind a minus. Its unit is its currency and whether it has a scale, or a share; one of a range has none."""

    start: int
    end: int
    digits: str
    scale: float
    unit: str


def compared(text: str) -> str:
    """The text with `up` or `down` (`naik`, `turun`) before each plain comparison of two amounts of one unit; pure and total."""
    if _TWO.search(text) is None or _COMPARING.search(text) is None:
        return text
    parts, at = [], 0
    for place, word in _told(text):
        parts += [text[at:place], word, " "]
        at = place
    return "".join([*parts, text[at:]])


def _told(text: str) -> Iterator[tuple[int, str]]:
    """Places in their order, each with the word that is to stand there."""
    for one, other in pairwise(_amounts(text)):
        apart = other.start - one.end
        if not one.unit or one.unit != other.unit or apart > _APART:
            continue
        rose = _higher(one, other)
        if rose is None:
            continue
        before, between = text[max(0, one.start - _BEFORE) : one.start], text[one.end : other.start]
        if _TO.fullmatch(between):
            begins = _FROM.search(before)
            if begins and not begins["not"] and not _SAID.search(before[: begins.start()]):
                yield one.start - len(before) + begins.start(), "turun" if rose else "naik"
            continue
        found = _COMPARED.fullmatch(between)
        if found and _plain(found, before, text[other.end : other.end + 1]):
            indonesian = found["id"] or (found["aside"] and _INDONESIAN.search(text[one.start : other.end]))
            yes, no = ("naik", "turun") if indonesian else ("up", "down")
            yield one.end + _place(found), yes if rose else no


def _place(found: re.Match[str]) -> int:
    """Where the comparing word begins: one of the three is there, and the others are at -1."""
    return max(found.start("en"), found.start("id"), found.start("aside"))


def _plain(found: re.Match[str], before: str, behind: str) -> bool:
    """Whether the first amount is a level that is compared with another of the same thing."""
    if found["aside"]:
        return behind == ")"
    led, rest = found[0][: _place(found)], found[0][_place(found) :]
    if _SAID.search(led) or _JOINED.search(led) or (found["weak"] and not _LEVEL.search(before)):
        return False
    if _CHANGE.search(before):
        return False
    if _GAIN.search(rest):
        return _LOSS.search(before) is None
    return _LOSS.search(rest) is None or _LOSS.search(before) is not None


def _higher(one: _Amount, other: _Amount) -> bool | None:
    """Whether the first is the higher one; None where they are alike, or where it depends on how figures are written."""
    said = set()
    for way, thousands, point in ((_ENGLISH, ",", "."), (_CONTINENTAL, ".", ",")):
        if way.fullmatch(one.digits) and way.fullmatch(other.digits):
            first, second = (
                float(amount.digits.replace(thousands, "").replace(point, ".")) * amount.scale
                for amount in (one, other)
            )
            said.add(None if first == second else first > second)
    return said.pop() if len(said) == 1 else None


def _amounts(text: str) -> Iterator[_Amount]:
    """What has a currency, a scale or is a share; a bare number may be a year."""
    for found in _NUMBER.finditer(text):
        digits = found[0].rstrip(".,")
        end = found.start() + len(digits)
        before = text[max(0, found.start() - _LEADING) : found.start()]
        led, unit = _LED.search(before), _UNIT.match(text, end)
        currency = (led["currency"] or "").lower() if led else ""
        currency = _SAME.get(currency, currency)
        if not (currency or unit) or (before[-1:].isalpha() and not currency):
            continue
        minus = led is not None and bool(led["minus"] or led["second"])
        start = found.start() - (len(led[0].lstrip()) if led and (currency or minus) else 0)
        last = unit.end() if unit else end
        word = unit["scale"].lower() if unit and unit["scale"] else ""
        scale = _RUPIAH_M if word == "m" and currency == _RUPIAH else _SCALE_OF.get(word, 1.0)
        name = "%" if unit and unit["share"] else f"{currency}{' scaled' if word else ''}"
        if _RANGE_BEFORE.search(text[max(0, start - _BEFORE) : start]) or _RANGE_BEHIND.match(text, last):
            name = ""
        yield _Amount(start, last, digits, -scale if minus else scale, name)
