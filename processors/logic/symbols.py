"""Instrument symbols in a text: cashtags, tickers with an exchange, names that stand in the data."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from ahocorasick_rs import AhoCorasick

from processors.logic.folded import fold
from processors.logic.keywords import whole_words

MAX_FOUND = 20
"""Symbols reported of one text at most; each becomes a subject."""

EXCHANGES = frozenset(
    {"JK", "KL", "SI", "HK", "TW", "KS", "KQ", "SS", "SZ", "BK", "PS", "NS", "BO", "AX", "NZ", "TO", "DE", "PA", "AS", "MI",
     "MC", "SW", "ST", "CO", "OL", "HE"}
)  # fmt: skip
"""Exchange suffixes, as Yahoo writes them, with which a bare ticker is recognised."""

_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z][A-Za-z0-9]{0,9}(?:[.\-][A-Za-z]{1,2})?)(?![\w])")
_TICKER = re.compile(r"(?<![\w$.])([A-Z0-9]{1,10}\.([A-Z]{2}))(?![\w.]\w)(?!\w)")
_SHARE_CLASS = re.compile(r"[.\-/ ]([A-E])$")
_SYMBOL = re.compile(r"[A-Z0-9^=][A-Z0-9.\-^=&]{0,19}")


def canonical(written: str) -> str | None:
    """One spelling of a symbol: upper case, share classes with a dash (`$brk.b`, `BRK/B` → `BRK-B`); None if it is none."""
    symbol = unicodedata.normalize("NFKC", written).strip().lstrip("$").upper()
    symbol = _SHARE_CLASS.sub(r"-\1", symbol)
    return symbol if _SYMBOL.fullmatch(symbol) else None


def symbols_in(text: str, folded: str, stated: Iterable[str]) -> list[str]:
    """Sorted symbols that `text` names or its source states; `folded` is the same text, folded."""
    found = {canonical(symbol) for symbol in stated}
    if "$" in text:
        found.update(canonical(match) for match in _CASHTAG.findall(text))
    if "." in text:
        found.update(canonical(ticker) for ticker, exchange in _TICKER.findall(text) if exchange in EXCHANGES)
    automaton, owners = _names()
    found.update(whole_words(automaton, owners, folded))
    return sorted(symbol for symbol in found if symbol is not None)[:MAX_FOUND]


@cache
def _names() -> tuple[Any, dict[int, str]]:
    data = tomllib.loads((files("processors.logic") / "words" / "names.toml").read_text(encoding="utf-8"))
    pairs = [(fold(name), symbol) for symbol, names in data.items() for name in names]
    return AhoCorasick([name for name, _ in pairs]), {
        index: symbol for index, (_, symbol) in enumerate(pairs)
    }
