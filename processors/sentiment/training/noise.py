"""Noise: the same text as others would have typed it. What it says stays the same, so the label does."""

import random
import re

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT = {key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at, key in enumerate(row)}
_SHORT = {
    "tidak": ("gk", "ga", "gak", "nggak", "tdk", "enggak"),
    "banget": ("bgt", "bngt", "bangeet"),
    "yang": ("yg",),
    "sudah": ("udah", "dah", "sdh"),
    "belum": ("blm",),
    "tapi": ("tp", "tpi"),
    "karena": ("krn", "karna"),
    "dengan": ("dgn",),
    "saya": ("sy",),
    "bagus": ("bgs", "baguss"),
    "mantap": ("mantep", "mantab", "mantul"),
    "kalau": ("klo", "kalo"),
    "you": ("u",),
    "are": ("r",),
    "please": ("pls", "plz"),
    "love": ("luv",),
    "great": ("gr8", "grt"),
    "because": ("cuz", "bc"),
    "really": ("rly", "reallyy"),
    "good": ("gud", "goood"),
}
_NAMES = ("user", "budi_s", "kompascom", "the_real_ann", "sari.wijaya", "newsdesk", "rizky99", "mark_t")
_PLACES = ("t.co", "bit.ly", "youtu.be", "s.id", "example.com")
_ADDRESSED = 0.4
"""The share of changed texts that get a name or a link."""
_WORD = re.compile(r"\w+|\W+")
_MARK = re.compile(r"(?<=\w)(?<!\bvs)([,.!?;:)%]|'s)(?=\s|$|[)\"])")
_LONG = 4


def noisy(text: str, chance: random.Random) -> str:
    """The text with one to three small changes: as others would have typed it, or with a name or a link beside it."""
    for _ in range(chance.randint(1, 3)):
        text = chance.choice(_CHANGES)(text, chance)
    # Last, for nobody mistypes the address that a program put there.
    return _addressed(text, chance) if text and chance.random() < _ADDRESSED else text


def _typed(text: str, chance: random.Random) -> str:
    """One longer word with two letters swapped, one left out, doubled or hit beside."""
    parts = _WORD.findall(text)
    places = [at for at, part in enumerate(parts) if len(part) > _LONG and part.isalpha() and part.isascii()]
    if not places:
        return text
    at = chance.choice(places)
    word = parts[at]
    here = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        word = word[:here] + word[here + 1] + word[here] + word[here + 2 :]
    elif kind == 1:
        word = word[:here] + word[here + 1 :]
    elif kind == 2:  # noqa: PLR2004 -- the third of four
        word = word[:here] + word[here] + word[here:]
    else:
        word = word[:here] + chance.choice(_NEXT.get(word[here].lower()) or word[here]) + word[here + 1 :]
    parts[at] = word
    return "".join(parts)


def _drawn_out(text: str, chance: random.Random) -> str:
    parts = _WORD.findall(text)
    places = [at for at, part in enumerate(parts) if len(part) >= _LONG and part.isalpha() and part.isascii()]
    if not places:
        return text
    at = chance.choice(places)
    word = parts[at]
    vowels = [number for number, letter in enumerate(word) if letter in "aeiou"] or [len(word) - 1]
    here = chance.choice([vowels[-1], len(word) - 1])
    parts[at] = word[:here] + word[here] * chance.randint(2, 5) + word[here:]
    return "".join(parts)


def _chatty(text: str, chance: random.Random) -> str:
    parts = _WORD.findall(text)
    return "".join(
        chance.choice(_SHORT[part.lower()]) if part.lower() in _SHORT and chance.random() < 0.7 else part  # noqa: PLR2004 -- most of them
        for part in parts
    )


def _cased(text: str, chance: random.Random) -> str:
    return chance.choice((str.lower, str.upper, str.capitalize))(text)


def _marked(text: str, chance: random.Random) -> str:
    if chance.random() < 0.5:  # noqa: PLR2004 -- as often as not
        return text.rstrip(".!? ")
    return text + chance.choice(("!", "!!", ".", "..", " !"))


def _spaced(text: str, chance: random.Random) -> str:
    """Marks set apart from the words, as some data sets and news wires have them."""
    return _MARK.sub(r" \1", text) if chance.random() < 0.7 else text.replace("%", " %")  # noqa: PLR2004 -- most of them


def _addressed(text: str, chance: random.Random) -> str:
    """Somebody named before or behind it, a link behind it, or both: what it says of its subject stays."""
    name = f"@{chance.choice(_NAMES)}"
    link = f"https://{chance.choice(_PLACES)}/{chance.randrange(10_000, 1_000_000):x}"
    return chance.choice((f"{name} {text}", f"{text} {name}", f"{text} {link}", f"{name} {text} {link}"))


_CHANGES = (_typed, _typed, _drawn_out, _chatty, _cased, _marked, _spaced)
