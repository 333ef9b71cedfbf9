from typing import Any

import pytest

from processors.logic import keywords
from processors.logic.folded import fold
from processors.logic.keywords import MAX_FOUND, KeywordIndex
from schemas.boolean import Node, Term
from schemas.errors import Poison
from schemas.events import Keyword


def keyword(text: str, **fields: Any) -> Keyword:
    values = {
        "id": "",
        "text": text,
        "category": "",
        "priority": 1,
        "active": True,
        "languages": [],
        "query": None,
        "monitoring_start": None,
        "updated_at": 0,
    }
    return Keyword(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def index(**sought: Keyword) -> KeywordIndex:
    made = KeywordIndex()
    for name, one in sought.items():
        made.put(name, one)
    return made


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Suku Bunga acuan naik", True),
        ("suku  bunga", True),
        ("SUKU BUNGA", True),
        ("suku bunganya", False),
        ("kesuku bunga", False),
        ("(suku bunga)", True),
        ("suku bunga_", False),
        ("suku-bunga", False),
        ("", False),
    ],
)
def test_phrases_are_found_as_whole_words(text: str, found: bool) -> None:
    assert index(rate=keyword("suku bunga")).find(fold(text), "id") == (["rate"] if found else [])


def test_every_keyword_is_found_also_inside_another_and_twice_the_same_phrase() -> None:
    keywords = index(
        a=keyword("bank indonesia"), b=keyword("bank"), c=keyword("Bank"), d=keyword("indonesia raya")
    )
    assert keywords.find("bank indonesia raya", "id") == ["a", "b", "c", "d"]


def test_keywords_that_begin_or_end_with_a_sign() -> None:
    assert index(cpp=keyword("c++")).find("belajar c++17 dan c++", "id") == ["cpp"]
    assert index(tag=keyword("#ihsg")).find("naik#ihsg turun", "id") == ["tag"]


def test_languages_and_activity_are_respected() -> None:
    keywords = index(
        id_only=keyword("saham", languages=["id"]),
        off=keyword("saham", active=False),
        everywhere=keyword("saham"),
    )
    assert keywords.find("saham", "id") == ["everywhere", "id_only"]
    assert keywords.find("saham", "en") == ["everywhere"]


def test_changes_and_tombstones_are_followed() -> None:
    keywords = index(one=keyword("naik"))
    assert keywords.find("naik turun", "id") == ["one"]
    keywords.put("one", keyword("turun"))
    keywords.put("two", keyword("naik"))
    assert keywords.find("naik turun", "id") == ["one", "two"]
    keywords.put("one", None)
    keywords.put("never there", None)
    assert keywords.find("naik turun", "id") == ["two"]
    keywords.put("two", None)
    assert keywords.find("naik turun", "id") == []


def test_what_is_found_is_bounded_and_blank_keywords_find_nothing() -> None:
    keywords = index(
        **{f"k{number:03}": keyword(f"kata{number}") for number in range(200)}, blank=keyword("  ")
    )
    assert len(keywords.find(" ".join(f"kata{number}" for number in range(200)), "id")) == MAX_FOUND
    assert keywords.find("   ", "id") == []


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("beras AND (naik OR turun)", "Harga beras turun lagi", True),
        ("beras AND (naik OR turun)", "harga beras tetap", False),
        ("beras AND (naik OR turun)", "harga naik", False),
        ("beras NOT iklan", "beras murah", True),
        ("beras NOT iklan", "iklan: beras murah", False),
        ("beras -iklan", "periklanan beras", True),
        ('"Harga Beras" mahal', "mahal sekali harga  beras ini", True),
        ('"harga beras" mahal', "harga dan beras mahal", False),
        ("#beras OR $RICE", "panen #Beras", True),
        ("#beras OR $RICE", "beras", False),
        ("naik OR (turun NOT hujan)", "turun hujan, naik", True),
        ("naik OR (turun NOT hujan)", "turun hujan", False),
    ],
)
def test_a_query_is_looked_for_in_place_of_the_text(query: str, text: str, found: bool) -> None:
    known = index(rice=keyword("kata lain", query=query), other=keyword("jagung"))
    assert known.find(fold(text), "id") == (["rice"] if found else [])
    assert known.find(fold("kata lain"), "id") == []


def test_a_query_that_cannot_be_read_is_refused_by_name_and_others_stay() -> None:
    known = index(rice=keyword("beras"))
    with pytest.raises(Poison, match="the query of a keyword cannot be read: a quotation mark"):
        known.put("broken", keyword("jagung", query='"jagung'))
    assert known.find("beras dan jagung", "id") == ["rice"]


def test_a_query_minds_languages() -> None:
    known = index(rice=keyword("x", query="beras AND naik", languages=["id"]))
    assert known.find("beras naik", "id") == ["rice"]
    assert known.find("beras naik", "en") == []


def test_a_query_is_judged_once_however_many_of_its_words_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[Node] = []
    holds = keywords._holds

    def noting(node: Node, said: set[str]) -> bool:
        judged.append(node)
        return holds(node, said)

    monkeypatch.setattr(keywords, "_holds", noting)
    words = [f"kata{number}" for number in range(90)]
    known = index(one=keyword("x", query=" ".join(words)), other=keyword("y", query=" OR ".join(words)))
    assert known.find(fold(" ".join(words[:-1])), "id") == ["other"]
    whole = [node for node in judged if not isinstance(node, Term)]
    assert len(whole) == 2
