"""Which words of an excerpt are looked at, what they weigh, and what a label makes of them."""

import pytest

from processors.logic.topics.telling import label
from processors.logic.topics.weights import MAX_TERMS, SCALE, Frequencies, heaviest, squared
from processors.logic.topics.words import MAX_WORDS, runs_of, terms_in


@pytest.mark.parametrize(
    ("excerpt", "runs"),
    [
        ("Harga Emas naik, dan perak", [["harga", "emas", "naik"], ["perak"]]),
        ("harga yang naik di pasar", [["harga"], ["naik"], ["pasar"]]),
        ("The bank's shares and the rupiah", [["bank", "shares"], ["rupiah"]]),
        ("harganya bagaimanapun #IHSG @budi https://a.b/c 2024", [["harga"], ["ihsg"]]),
        ("Buy $T $BRK-B now", [["buy", "$t", "$brk-b"]]),
        ("", []),
        ("?! 12 %", []),
    ],
)
def test_words_without_stop_words_in_both_languages(excerpt: str, runs: list[list[str]]) -> None:
    assert runs_of(excerpt) == runs


def test_pairs_are_of_neighbours() -> None:
    assert list(terms_in([["harga", "emas", "naik"], ["perak"]])) == [
        *("harga", "emas", "naik", "harga emas", "emas naik", "perak")
    ]


def test_of_a_long_excerpt_the_first_words_are_taken() -> None:
    assert sum(map(len, runs_of(" ".join(f"kata{chr(97 + n % 26)}" for n in range(200))))) == MAX_WORDS


def test_vectors_are_bounded_of_one_length_and_rare_words_weigh_more() -> None:
    known = Frequencies()
    for _ in range(300):
        known.add(["pasar", "harga"])
    known.add(["pasar", "emas"])
    vector = known.vector(["pasar", "emas"])
    assert vector["emas"] > 10 * vector.get("pasar", 0)
    many = [f"kata{number}" for number in range(100)]
    known.add(many)
    assert len(known.vector(many)) == MAX_TERMS
    assert squared(known.vector(many)) == pytest.approx(SCALE**2, rel=0.01)
    assert known.vector([]) == {}
    known.remove(many)
    assert len(known) == 3


@pytest.mark.parametrize(
    ("sums", "expected"),
    [
        ({"emas": 900, "harga emas": 500, "antam": 300, "harga": 200}, "harga emas, antam"),
        ({"emas": 900, "harga emas": 100, "antam": 300, "rekor": 200, "naik": 100}, "emas, antam, rekor"),
        ({"$bbca": 10, "laba": 5}, "$BBCA, laba"),
        ({}, ""),
    ],
)
def test_labels(sums: dict[str, int], expected: str) -> None:
    assert label(list(heaviest(sums, 10)), sums) == expected
