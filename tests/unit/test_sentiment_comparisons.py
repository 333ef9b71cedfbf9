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
        ("of EUR 9 mn in Q1 2010 from EUR 8.7 mn", "of EUR 9 mn in Q1 2010 up from EUR 8.7 mn"),
        (
            "it was 5.6 % in 2012, compared with 7 % a year ago",
            "it was 5.6 % in 2012, down compared with 7 % a year ago",
        ),
        (
            "in 2024 sales came to EUR 2m, against EUR 1 mn",
            "in 2024 sales came to EUR 2m, up against EUR 1 mn",
        ),
        ("it fell to $900 million from $3.2 billion", "it fell to $900 million down from $3.2 billion"),
        ("Q3 sales $1.2B vs. consensus of $1.1B", "Q3 sales $1.2B up vs. consensus of $1.1B"),
        ("its share was 17.8 % (12.9 %)", "its share was 17.8 % up (12.9 %)"),
        ("EUR -1.1 mn against EUR -2 mn", "EUR -1.1 mn up against EUR -2 mn"),
        ("EPS -$0.05 vs. $0.03", "EPS -$0.05 down vs. $0.03"),
        ("it was \u22125 % vs 3 %", "it was \u22125 % down vs 3 %"),
        ("a margin of 3.1 % (-0.2 %)", "a margin of 3.1 % up (-0.2 %)"),
        ("a loss of EUR 1 mn vs a loss of EUR 3 mn", "a loss of EUR 1 mn down vs a loss of EUR 3 mn"),
        ("£1,200.50 versus £1,300", "£1,200.50 down versus £1,300"),
        ("$10.073B vs. $10.08B", "$10.073B down vs. $10.08B"),
        ("$5 mil vs $4.8 million", "$5 mil up vs $4.8 million"),
        ("A$5 million vs A$6 million", "A$5 million down vs A$6 million"),
        ("Rp1,2 triliun dibandingkan Rp1,5 triliun", "Rp1,2 triliun turun dibandingkan Rp1,5 triliun"),
        ("laba Rp 2 M dibanding Rp 900 juta", "laba Rp 2 M naik dibanding Rp 900 juta"),
        (
            "inflasi 3,1 persen dari sebelumnya 2,5 persen",
            "inflasi 3,1 persen naik dari sebelumnya 2,5 persen",
        ),
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
        "of EUR 5 mn from 2009 on",
        # of different things
        "EUR 5 mn compared with 3 %",
        "EUR 5 mn compared with USD 3 mn",
        "A$5 million ($3.5 million)",
        "S$10 million (US$7.4 million)",
        "EUR 5 mn (EUR 3 mn of it in Finland)",
        "a loss of EUR 2 mn compared with a profit of EUR 3 mn",
        "a loss of $5 million, compared with income of $3 million",
        "EUR 2 mn compared with a loss of EUR 3 mn",
        "Sales were EUR 5 mn. Different from that, costs were EUR 3 mn.",
        "Sales fell 5 % from a year earlier and profit fell 3 %",
        "Sales fell 5 % compared with last year, while profit fell 3 %",
        "Penjualan turun 5 persen dibanding tahun lalu, laba turun 3 persen",
        "The euro rose 1 % against the dollar, 2 % against the yen",
        "to $5 million from Acme and $7 million from Beta",
        "won EUR 5 mn against X, lost EUR 3 mn",
        "Bayar Klaim Rp 319,5 M dari Rp 2,8 T",
        "mencapai Rp 500 triliun dari target Rp 900 triliun",
        "lebih dari Rp 3 miliar ke Rp 5 miliar",
        f"EUR 5 mn {'and more ' * 20} from EUR 3 mn",
        # a change, and no level
        "up 3 % from 5 %",
        "rose $2 billion from $10 billion",
        "increased by EUR 1 mn compared with EUR 9 mn",
        "Laba naik Rp 2 triliun dibanding Rp 10 triliun",
        # said
        "It was $5, up from $4",
        "it was 3 % up significantly compared with 2 %",
        "naik dari Rp 1 juta menjadi Rp 2 juta",
        # ranges
        "cut to $1.42-$1.46 from $1.44-$1.50",
        "lowered to $4.75 to $4.95 from $4.85 to $5.10",
        "growth of 5 - 7 % compared with 6 %",
        # how it is written says too little
        "EUR 5 mn compared with EUR 5 mn",
        "EUR 1.034 compared with EUR 900",
        "sales $3.42 vs. $3.32 bln",
        "EUR 11.7 milllion compared with EUR 1.2 mn",
        "model A4.5mn from B3.5mn",
        "EUR 1.2.34 mn vs EUR 5 mn",
        # letters that only fold into those of a scale
        "BÜTÇE 5 MİLYAR DOLAR (3 MİLYAR)",
        "kâr 3 m\u0131lyar (5 m\u0131lyar)",
        "5 bil\u017f vs 3 bil\u017f",
    ],
)
def test_nothing_is_said_where_nothing_is_compared_for_sure(text: str) -> None:
    assert compared(text) == text


def test_an_address_is_not_torn() -> None:
    assert normalise("baca https://news.id/laba-rp5triliun-vs-rp4triliun?p=5%(3%)") == "baca _url_"


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
        "İ",
        " bil",
        "\u017f",
        " compared with ",
    ]
    told = 0
    for _ in range(6_000):
        text = "".join(chance.choices(parts, k=chance.randint(0, 25)))
        left = iter(compared(text))
        assert all(letter in left for letter in text), text
        told += compared(text) != text
    assert told > 20, "hardly any of the texts compared anything"
