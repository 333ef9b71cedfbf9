"""The normaliser: one form for what varies, whatever set or source it comes from."""

import pytest

from processors.sentiment.normalise import NAME, NUMBER, SYMBOL, URL, USER, normalise


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Bank Mandiri Untung", "bank mandiri untung"),
        ("lihat https://t.co/abc sekarang", f"lihat {URL} sekarang"),
        ("lihat http", f"lihat {URL}"),
        ("lihat www.cnbc.id", f"lihat {URL}"),
        ("[URL] bagus", f"{URL} bagus"),
        ("@budi @user [USERNAME] halo", f"{USER} {USER} {USER} halo"),
        ("mail a@b.id", "mail a@b.id"),
        ("I love [NAME]", f"i love {NAME}"),
        ("$AAPL beats, $BRK.B too", f"{SYMBOL} beats, {SYMBOL} too"),
        ("AT&amp;T &amp;amp; co", "at&t & co"),
        ("baguuuus bangettt!!!!", "bagus banget!!"),
        ("sooooo goooood", "soo good"),
        ("naik 2,5% jadi 1.200", f"naik {NUMBER}% jadi {NUMBER}"),
        ("kata2 orang2", "kata2 orang2"),
        ("harga nya murah , rasa nya enak", "harganya murah , rasanya enak"),
        ("#HappyMonday #ihsg", "happy monday ihsg"),
        ("lucu 😂😂😂", "lucu face with tears of joy"),
        ("lucu facewithtearsofjoy", "lucu face with tears of joy"),
        ("mantap 👍🏽", "mantap thumbs up sign"),
        ("👩\u200d💻 kerja", "woman personal computer kerja"),
        ("🇮🇩 menang", "flag menang"),
        ("senang :) sekali", "senang smiling face sekali"),
        ("https://a.id :( <3", f"{URL} frowning face red heart"),
        ("pukul 10:30 :Dalam", f"pukul {NUMBER} :dalam"),
        ("BBCA naik, TLKM.JK turun", f"{SYMBOL} naik, {SYMBOL} turun"),
        ("IHSG dan RUPS", "ihsg dan rups"),
        ("AYO BELI BBCA SEKARANG", "ayo beli bbca sekarang"),
        ("bukan bbca", "bukan bbca"),
        ("gk bgt, ngga yg itu", "tidak banget, tidak yang itu"),
        ("u r gr8, pls", "you are great, please"),
        ("dont isnt won't", "don't isn't won't"),
        ("it\u2019s", "it's"),
        ("\u200bnol\ufeff \x00 lebar", "nol lebar"),
        # Half of a pair, as a cut text may end: no tokenizer takes it.
        ("\ud83d halo\udc00", "halo"),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_normalised(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@pytest.mark.parametrize(
    "text",
    [
        "@user lihat http #JanganPanik 12,5%",
        "BAGUUUUS 😂😂 [USERNAME]",
        "harga nya &lt;3",
        "BBCA :) gk mantul",
        "\ud800 lone",
    ],
)
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
