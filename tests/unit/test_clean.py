"""What cleaning changes, and what it leaves."""

import pytest

from processors.logic.clean import MAX_LENGTH, clean


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Harga naik, IHSG menguat", "Harga naik, IHSG menguat"),
        ("  dua\n\nbaris\tdan \u00a0 spasi  ", "dua baris dan spasi"),
        ("AT&amp;T &lt;3 &quot;ok&quot;", 'AT&T <3 "ok"'),
        ("cafe\u0301", "caf\u00e9"),
        ("a\x00b\u200bc\u202ed\ufeff", "abcd"),
        ("broken \ufffd bytes", "broken bytes"),
        ("lone \ud800 surrogate", "lone surrogate"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 keluarga",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 keluarga",
        ),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_cleaned(raw: str, expected: str) -> None:
    assert clean(raw) == (expected, False)


def test_cleaning_twice_changes_nothing_more() -> None:
    once, _ = clean("Laba&nbsp;bersih \u2026 na\u0308ik\x07  10%")
    assert clean(once) == (once, False)


def test_long_text_is_cut_and_marked() -> None:
    text, truncated = clean("kata " * 300_000)
    assert truncated
    assert 0 < len(text) <= MAX_LENGTH
    assert text.startswith("kata kata")
    assert not text.endswith(" ")


def test_exactly_the_bound_is_not_cut() -> None:
    assert clean("a" * 10, 10) == ("a" * 10, False)
    assert clean("a" * 11, 10) == ("a" * 10, True)


def test_entities_do_not_count_against_the_bound() -> None:
    assert clean("&lt;&gt;&lt;", 3) == ("<><", False)


def test_a_result_can_be_written_as_utf8() -> None:
    clean("\ud83d tulisan \udc00")[0].encode("utf-8")
