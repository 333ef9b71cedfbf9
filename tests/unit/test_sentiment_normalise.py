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
        ("baguuuus bangettt!!!!", "baguus bangett!!"),
        ("naik 2,5% jadi 1.200", f"naik {NUMBER}% jadi {NUMBER}"),
        ("kata2 orang2", "kata2 orang2"),
        ("harga nya murah , rasa nya enak", "harganya murah , rasanya enak"),
        ("#HappyMonday #ihsg", "happy monday ihsg"),
        ("lucu 😂", "lucu facewithtearsofjoy"),
        ("it\u2019s", "it's"),
        ("\u200bnol\ufeff \x00 lebar", "nol lebar"),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_normalised(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


@pytest.mark.parametrize(
    "text", ["@user lihat http #JanganPanik 12,5%", "BAGUUUUS 😂😂 [USERNAME]", "harga nya &lt;3"]
)
def test_doing_it_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
