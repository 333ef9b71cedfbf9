"""One text normaliser, shared by training and run time, so that the model sees one form of everything.

Place-holders of the data sets (``[USERNAME]``, ``@user``, ``http``, ``[NAME]``) and what stands in live posts
(handles, addresses, cashtags, figures, emoji) come out as the same few words, which are never split again.
"""

import html
import re
import unicodedata

VERSION = 1
"""Counts up when a text comes out differently; a bundle names the version it was trained with."""

URL = "_url_"
USER = "_user_"
NAME = "_name_"
SYMBOL = "_symbol_"
NUMBER = "_num_"
MARKERS = (URL, USER, NAME, SYMBOL, NUMBER)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060\ufe0e\ufe0f\ufeff\ufffd]+")
_URL = re.compile(
    r"(?:https?:|www\.)\S*|\bhttps?\b\S*|\bpic\.twitter\.com\S*|\b(?:bit\.ly|t\.co)/\S+|\[url\]",
    re.IGNORECASE,
)
_USER = re.compile(r"\[username\]|(?<![\w.])@\w+", re.IGNORECASE)
_NAME = re.compile(r"\[(?:name|religion)\]", re.IGNORECASE)
_SYMBOL = re.compile(r"(?<!\w)\$[A-Za-z][A-Za-z.\-]{0,9}\b")
_HASHTAG = re.compile(r"#(\w+)")
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:/]\d+)*")
_ELONGATION = re.compile(r"(\D)\1{2,}")
_SPACED_CLITIC = re.compile(r"(?<=[a-z]) nya\b")
_PICTURE = re.compile(r"[\u2600-\u27bf\U0001f300-\U0001faff]")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """The form of a text that tokenizer and model see: lower case, one line, markers in place of what varies.

    Pure and total: any string is accepted; an empty or blank one comes back empty.
    """
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if not text.isascii():
        text = _PICTURE.sub(_picture_name, unicodedata.normalize("NFKC", text).replace("\u2019", "'"))
    text = _CONTROL.sub(" ", text)
    text = _URL.sub(f" {URL} ", text)
    if "@" in text or "[" in text:
        text = _NAME.sub(f" {NAME} ", _USER.sub(f" {USER} ", text))
    if "$" in text:
        text = _SYMBOL.sub(f" {SYMBOL} ", text)
    if "#" in text:
        text = _HASHTAG.sub(_hashtag_words, text)
    text = _NUMBER.sub(NUMBER, text.lower())
    text = _ELONGATION.sub(r"\1\1", text)
    text = _SPACES.sub(" ", text).strip()
    return _SPACED_CLITIC.sub("nya", text)


def _hashtag_words(match: re.Match[str]) -> str:
    return f" {_CAMEL.sub(' ', match[1]).replace('_', ' ')} "


def _picture_name(match: re.Match[str]) -> str:
    """An emoji as one word, as SmSA writes them (``facewithtearsofjoy``)."""
    name = unicodedata.name(match[0], "")
    return f" {re.sub(r'[^A-Z]', '', name).lower()} "
