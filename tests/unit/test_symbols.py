import pytest

from processors.logic.folded import fold
from processors.logic.symbols import MAX_FOUND, canonical, symbols_in


@pytest.mark.parametrize(
    "written", ["$BRK.B", "BRK-B", "brk.b", "BRK/B", "$brk-b", "\uff22\uff32\uff2b.\uff22"]
)
def test_share_classes_become_one_symbol(written: str) -> None:
    assert canonical(written) == "BRK-B"


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        ("bbca.jk", "BBCA.JK"),
        ("$AAPL", "AAPL"),
        ("VOD.L", "VOD.L"),
        ("^JKSE", "^JKSE"),
        ("USDIDR=X", "USDIDR=X"),
        ("", None),
        ("not one", None),
        ("$", None),
    ],
)
def test_other_symbols_keep_their_spelling(written: str, symbol: str | None) -> None:
    assert canonical(written) == symbol


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$AAPL: up, $msft down", ["AAPL", "MSFT"]),
        ("beli BBCA.JK dan TLKM.JK.", ["BBCA.JK", "TLKM.JK"]),
        ("$BRK.B and BRK-B", ["BRK-B"]),
        ("US$100 and $5.20, $ AAPL", []),
        ("bbca.jk in lower case is a host name", []),
        ("U.S. GDP, e.g. THE.XX and WWW.JK.COM", []),
        ("laba Bank Central Asia naik", ["BBCA.JK"]),
        ("bank central asiatik", []),
        ("an apple a day", []),
        ("$AAPL's rise", ["AAPL"]),
        ("end of sentence $AAPL.", ["AAPL"]),
        ("$$$AAPL", []),
    ],
)
def test_symbols_in_text(text: str, found: list[str]) -> None:
    assert symbols_in(text, fold(text), []) == found


def test_what_the_source_states_is_merged_and_bounded() -> None:
    assert symbols_in("$BRK.B", "$brk.b", ["BRK-B", "BBCA.JK", "not one"]) == ["BBCA.JK", "BRK-B"]
    assert len(symbols_in("", "", [f"S{number}" for number in range(100)])) == MAX_FOUND
