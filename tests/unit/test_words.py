import pytest

from processors.logic.fingerprint import distance, fingerprint
from processors.logic.folded import fold
from processors.logic.hashtags import hashtags_in
from processors.logic.terms import stop_words, terms_of

NEWS = "bank indonesia menahan suku bunga acuan di level enam persen pada rapat dewan gubernur bulan ini"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  Harga \n BBCA\tnaik ", "harga bbca naik"),
        ("\uff22\uff22\uff23\uff21 \ufb01x", "bbca fix"),
        ("Straße", "strasse"),
        ("lihat https://t.co/AbC?x=1 ya", "lihat ya"),
        ("www.contoh.id saja", "saja"),
        ("", ""),
    ],
)
def test_texts_are_compared_in_one_form(text: str, expected: str) -> None:
    assert fold(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#IHSG naik #ihsg #Saham_Gorengan", ["ihsg", "saham_gorengan"]),
        ("#1 #2015 #q3", ["q3"]),
        ("a#b c# #", []),
        ("#" + "x" * 65, []),
        ("#日本株 up", ["日本株"]),
    ],
)
def test_hashtags(text: str, expected: list[str]) -> None:
    assert hashtags_in(fold(text)) == expected


def test_hashtags_are_bounded() -> None:
    assert len(hashtags_in(" ".join(f"#tag{number}" for number in range(500)))) == 20


def test_terms_leave_out_stop_words_subjects_and_handles() -> None:
    text = fold("Harga emas yang naik dan emas Antam's #emas @orang $GOLD 2024 http up")
    assert terms_of(text, "id") == ["harga", "emas", "naik", "antam"]


def test_stop_words_go_by_language_and_an_unknown_one_loses_all() -> None:
    assert "dan" in terms_of("dan the harga", "en")
    assert "the" in terms_of("dan the harga", "id")
    assert terms_of("dan the harga", "und") == ["harga"]
    assert len(stop_words("id")) > 100
    assert len(stop_words("en")) > 100


def test_near_copies_are_near_and_others_are_not() -> None:
    copy = NEWS.replace("enam", "6,25") + " kata sumber"
    other = "warga menyambut hujan pertama setelah kemarau panjang di nusa tenggara timur dengan suka cita"
    assert distance(fingerprint(NEWS), fingerprint(NEWS)) == 0
    assert distance(fingerprint(NEWS), fingerprint(copy)) < 16
    assert distance(fingerprint(NEWS), fingerprint(other)) > 20


def test_a_fingerprint_is_a_signed_long_and_the_same_on_every_machine() -> None:
    assert fingerprint("") == fingerprint("123 !!") == 0
    found = {fingerprint(word) for word in NEWS.split()}
    assert all(-(2**63) <= one < 2**63 for one in found)
    assert any(one < 0 for one in found)
    assert any(one > 0 for one in found)
    assert fingerprint("beli saham") == -6953568802611723416
