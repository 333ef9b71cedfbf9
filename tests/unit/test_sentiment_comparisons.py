"""Which way compared amounts went is said in a word; nothing is said where that is not sure."""

import random

import pytest

from processors.sentiment.comparisons import compared
from processors.sentiment.normalise import normalise


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("EPS was EUR 0.03 compared with EUR 0.09.", "EPS was EUR 0.03 down compared with EUR 0.09."),
        ("Profit: EUR13.1mn vs. EUR8.7mn", "Profit: EUR13.1mn up vs. EUR8.7mn"),
        ("EUR 9 mn in 2010 from EUR 8.7 mn in 2009", "EUR 9 mn in 2010 up from EUR 8.7 mn in 2009"),
        ("it fell from $3.2 billion to $900 million", "it fell down from $3.2 billion to $900 million"),
        ("its share was 17.8 % (12.9 %)", "its share was 17.8 % up (12.9 %)"),
        ("EUR -1.1 mn against EUR -2 mn", "EUR -1.1 mn up against EUR -2 mn"),
        ("a margin of 3.1 % (-0.2 %)", "a margin of 3.1 % up (-0.2 %)"),
        ("a loss of EUR 1 mn vs a loss of EUR 3 mn", "a loss of EUR 1 mn down vs a loss of EUR 3 mn"),
        ("£1,200.50 versus £1,300", "£1,200.50 down versus £1,300"),
        ("Rp1,2 triliun dibandingkan Rp1,5 triliun", "Rp1,2 triliun turun dibandingkan Rp1,5 triliun"),
        ("inflasi 3,1 persen dari 2,5 persen", "inflasi 3,1 persen naik dari 2,5 persen"),
        ("dari Rp 900 miliar menjadi Rp 1,2 triliun", "naik dari Rp 900 miliar menjadi Rp 1,2 triliun"),
        ("Rp 1.250.000 ketimbang Rp 1.300.000", "Rp 1.250.000 turun ketimbang Rp 1.300.000"),
        ("laba 5 persen (3 persen)", "laba 5 persen naik (3 persen)"),
    ],
)
def test_the_way_it_went_is_said_before_what_compares(text: str, told: str) -> None:
    assert compared(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "compared with last year",
        "we have 3 cars against 4 in 2009",
        "EUR 5 mn from 2009 on",
        "EUR 5 mn compared with 3 %",
        "EUR 5 mn compared with USD 3 mn",
        "EUR 5 mn compared with EUR 5 mn",
        "It was $5, up from $4",
        "naik dari Rp 1 juta menjadi Rp 2 juta",
        "a loss of EUR 2 mn compared with a profit of EUR 3 mn",
        "EUR 2 mn compared with a loss of EUR 3 mn",
        "Sales were EUR 5 mn. Different from that, costs were EUR 3 mn.",
        "EUR 5 mn (EUR 3 mn of it in Finland)",
        "model A4.5mn from B3.5mn",
        f"EUR 5 mn {'and more ' * 20} from EUR 3 mn",
    ],
)
def test_nothing_is_said_where_nothing_is_compared_for_sure(text: str) -> None:
    assert compared(text) == text


def test_the_normaliser_says_it_before_the_figures_are_gone() -> None:
    less, more = normalise("Profit EUR 3 mn compared with EUR 5 mn"), normalise("Profit EUR 5 mn vs EUR 3 mn")

    assert " down compared with " in less
    assert " up vs " in more


def test_whatever_the_text_it_only_adds_words() -> None:
    chance = random.Random(5)
    parts = [
        "EUR ",
        "EUR 3 mn",
        "EUR 5.1 mn",
        "7 %",
        "6.5 %",
        "3",
        ".",
        ",",
        "%",
        " from ",
        " to ",
        "(",
        ")",
        " vs. ",
        "-",
        " mn",
        "dari ",
        "1.234",
        "\n",
        "é",
        "$",
    ]
    told = 0
    for _ in range(2_000):
        text = "".join(chance.choices(parts, k=chance.randint(0, 25)))
        left = iter(compared(text))
        assert all(letter in left for letter in text), text
        told += compared(text) != text
    assert told > 20, "hardly any of the texts compared anything"
