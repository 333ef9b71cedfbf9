"""Which language handwritten texts are said to be in."""

import pytest

from processors.logic.language import UNDETERMINED, detect


@pytest.mark.parametrize(
    "text",
    [
        "Harga BBM naik lagi, rakyat makin susah",
        "selamat pagi",
        "terima kasih min",
        "gak nyangka sahamnya anjlok parah",
        "IHSG ditutup menguat 1,2% hari ini",
        "Laba bersih BBCA melonjak pada kuartal ketiga",
        "enak banget makanannya, pelayanannya juga ramah",
        "RT @user: kita tunggu saja hasilnya http",
        "Kami suka layanan ini, sangat memuaskan",
        "Mantap! $BBRI cuan terus",
    ],
)
def test_indonesian(text: str) -> None:
    assert detect(text) == "id"


@pytest.mark.parametrize(
    "text",
    [
        "Apple shares fell sharply after the earnings call",
        "good morning",
        "Thank you so much!",
        "$TSLA to the moon, best day of the year",
        "I can't believe how bad the service was",
        "stock split announced",
        "RT @user: the market is closed today http",
        "Oil prices rise as supply tightens",
    ],
)
def test_english(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("El mercado de valores cayó con fuerza hoy por la mañana", "es"),
        ("Les actions ont chuté ce matin à la bourse de Paris", "fr"),
        ("Die Aktien sind heute stark gefallen, sagt die Bank", "de"),
        ("De beurs is vandaag flink gedaald", "nl"),
        ("今日は株価が大きく下がりました", "ja"),
        ("오늘 주가가 크게 떨어졌습니다", "ko"),
        ("Акции сегодня сильно упали", "ru"),
        ("วันนี้หุ้นตกหนักมาก", "th"),
    ],
)
def test_other_languages_where_they_are_plain(text: str, code: str) -> None:
    assert detect(text) == code


@pytest.mark.parametrize(
    "text", ["", "   ", "123 456,7%", "$AAPL $MSFT http", "@user https://t.co/x", "😀😀", "\ud800"]
)
def test_nothing_to_tell_from(text: str) -> None:
    assert detect(text) == UNDETERMINED


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    indonesian = "Harga saham turun karena suku bunga akan naik lagi. "
    assert detect(indonesian * 12 + "the market is up and this is the best day of all " * 20_000) == "id"


def test_what_is_no_word_is_not_counted() -> None:
    assert detect("Saham ini naik https://the.and.of.to/with-this-that @the_and $of #forthis") == "id"
