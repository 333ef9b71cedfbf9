"""One text normaliser, shared by training and run time, so that the model sees one form of everything.

Place-holders of the data sets (``[USERNAME]``, ``@user``, ``http``, ``[NAME]``) and what stands in live posts
(handles, addresses, tickers, figures) come out as the same few words, which are never split again; emoji and emoticons as
the words of their names, spellings of chats as the words they stand for (words.toml). Which way compared amounts went is
said in a word before their figures are gone (comparisons.py).
"""

import html
import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from processors.sentiment.comparisons import compared

VERSION = 3
"""Counts up when a text comes out differently; a bundle names the version it was trained with."""

URL = "_url_"
USER = "_user_"
NAME = "_name_"
SYMBOL = "_symbol_"
NUMBER = "_num_"
MARKERS = (URL, USER, NAME, SYMBOL, NUMBER)

_WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
_SLANG: dict[str, str] = _WORDS["slang"]
_EMOTICONS: dict[str, str] = _WORDS["emoticons"]

_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060\ufe0e\ufe0f\ufeff\ufffd\ud800-\udfff]+"
)
_URL = re.compile(
    r"(?:https?:|www\.)\S*|\bhttps?\b\S*|\bpic\.twitter\.com\S*|\b(?:bit\.ly|t\.co)/\S+|\[url\]",
    re.IGNORECASE,
)
_USER = re.compile(r"\[username\]|(?<![\w.])@\w+", re.IGNORECASE)
_NAME = re.compile(r"\[(?:name|religion)\]", re.IGNORECASE)
_CASHTAG = re.compile(r"(?<!\w)\$[A-Za-z][A-Za-z.\-]{0,9}\b")
_CAPITALS = re.compile(r"\b[A-Z]{2,5}(?:\.JK)?\b")
_CODES = frozenset(_WORDS["companies"]["codes"].split())
_HASHTAG = re.compile(r"#(\w+)")
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:/]\d+)*")
_EMOTICON = re.compile(r"[:;=]['-]?[()\[\]D/|](?!\w)|</?3(?!\w)|\b[xX]D\b")
_DRAWN_OUT = re.compile(r"(\S)\1\1")
# English doubles these within words; what else is written three times or more is one letter drawn out.
_DOUBLED = re.compile(r"([oels])\1{2,}")
_LETTERS = re.compile(r"([^\W\d_])\1{2,}")
_OTHERS = re.compile(r"([^\w\s])\1{2,}")
_WORD = re.compile(r"[a-z\d]+(?:'[a-z]+)?")
_SPACED_CLITIC = re.compile(r"(?<=[a-z]) nya\b")
_SKIN = re.compile(r"[\U0001f3fb-\U0001f3ff\u200d\u20e3\U000e0020-\U000e007f]")
_FLAG = re.compile(r"[\U0001f1e6-\U0001f1ff]{2}")
_PICTURE = re.compile(r"([\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff])\1*")
# What must be there for the slower patterns to find anything.
_ADDRESSES = ("http", "www.", "t.co/", "pic.twitter.com", "bit.ly/", "[url]")
_FACE = re.compile(r"[:;=<]|[xX]D")
_LONG_NAME = 8


def normalise(text: str) -> str:
    """The form of a text that tokenizer and model see: lower case, one line, markers in place of what varies.

    Pure and total: any string is accepted; an empty or blank one comes back empty.
    """
    text = compared(_marked(_plain(text)))
    if "#" in text:
        text = _HASHTAG.sub(_hashtag_words, text)
    if _FACE.search(text):
        text = _EMOTICON.sub(_emoticon_name, text)
    text = _NUMBER.sub(NUMBER, text.lower())
    if _DRAWN_OUT.search(text):
        text = _OTHERS.sub(r"\1\1", _LETTERS.sub(r"\1", _DOUBLED.sub(r"\1\1", text)))
    if not _rewritten().isdisjoint(_WORD.findall(text)):
        text = _WORD.sub(_written_out, text)
    text = " ".join(text.split())
    return _SPACED_CLITIC.sub("nya", text) if " nya" in text else text


def _plain(text: str) -> str:
    """Without entities, pictures and what cannot be seen."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if not text.isascii():
        text = _FLAG.sub(" flag ", _SKIN.sub("", text))
        text = _PICTURE.sub(_picture_name, unicodedata.normalize("NFKC", text).replace("\u2019", "'"))
    return text if text.isascii() and text.isprintable() else _CONTROL.sub(" ", text)


def _marked(text: str) -> str:
    """With markers for addresses, people and companies; the case of letters still tells some of them."""
    lower = text.lower()
    if any(part in lower for part in _ADDRESSES):
        text = _URL.sub(f" {URL} ", text)
    if "@" in text or "[" in text:
        text = _NAME.sub(f" {NAME} ", _USER.sub(f" {USER} ", text))
    if "$" in text:
        text = _CASHTAG.sub(f" {SYMBOL} ", text)
    return text if text.isupper() else _CAPITALS.sub(_company, text)


def _hashtag_words(match: re.Match[str]) -> str:
    return f" {_CAMEL.sub(' ', match[1]).replace('_', ' ')} "


def _emoticon_name(match: re.Match[str]) -> str:
    name = _EMOTICONS.get(match[0])
    return match[0] if name is None else f" {name} "


def _company(match: re.Match[str]) -> str:
    code = match[0]
    return SYMBOL if code.endswith(".JK") or code in _CODES else code


def _written_out(match: re.Match[str]) -> str:
    word = match[0]
    if len(word) > _LONG_NAME:
        # SmSA writes the names of emoji as one word.
        return _joined_names().get(word, word)
    return _SLANG.get(word, word)


def _picture_name(match: re.Match[str]) -> str:
    """An emoji as the words of its name; once, however often it stands there."""
    name = unicodedata.name(match[1], "")
    return f" {re.sub(r'[^A-Z ]', ' ', name).lower()} "


@lru_cache(maxsize=1)
def _rewritten() -> frozenset[str]:
    """Words that come out otherwise: most texts have none."""
    return frozenset(_SLANG) | frozenset(_joined_names())


@lru_cache(maxsize=1)
def _joined_names() -> dict[str, str]:
    """Names of emoji without their spaces, as some data sets have them, and with them."""
    found = {}
    for code in (*range(0x2600, 0x27C0), *range(0x1F300, 0x1FB00)):
        words = re.sub(r"[^A-Z ]", " ", unicodedata.name(chr(code), "")).lower().split()
        if len(words) > 1:
            found["".join(words)] = " ".join(words)
    return found
