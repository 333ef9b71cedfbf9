"""The English encoder's vocabulary: what its texts are made of stays, in the same words and the same vectors' rows."""

import json

from tokenizers import AddedToken, Tokenizer

from processors.sentiment.normalise import MARKERS
from processors.sentiment.training.wordpieces import UNKNOWN, trimmed
from tests.support.small_english import tokenizer

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
PIECES = [
    *SPECIALS,
    "great",
    "gain",
    "##s",
    "##ing",
    "loss",
    "龍",
    *"abegilnorst",
    *(f"##{one}" for one in "aegilnot"),
]


def whole() -> str:
    made = Tokenizer.from_str(tokenizer(PIECES))
    made.add_tokens([AddedToken(one, lstrip=True, normalized=False) for one in MARKERS])
    return str(made.to_str())


def test_rows_are_those_of_the_same_pieces_and_no_more_than_asked() -> None:
    kept, rows = trimmed(whole(), ["great gains", "_url_ great"], len(PIECES) + len(MARKERS) - 4)
    assert kept.get_vocab_size() == len(rows) == len(PIECES) + len(MARKERS) - 4
    before = Tokenizer.from_str(whole()).get_vocab()
    assert {piece: rows[at] for piece, at in kept.get_vocab().items()} == {
        piece: before[piece] for piece in kept.get_vocab()
    }


def test_words_that_no_text_has_fall_apart_but_stay_words() -> None:
    kept, _ = trimmed(whole(), ["great gains", "_num_ gain"], len(PIECES) + len(MARKERS) - 3)
    assert kept.encode("great gains _num_").tokens == ["[CLS]", "great", "gain", "##s", " _num_", "[SEP]"]
    assert kept.encode("gain _symbol_").tokens == ["[CLS]", "gain", " _symbol_", "[SEP]"]
    assert kept.encode("losing").tokens == ["[CLS]", "l", "##o", "##s", "##i", "##n", "##g", "[SEP]"]
    assert Tokenizer.from_str(whole()).encode("losing").tokens[3:5] == ["##s", "##ing"]
    assert kept.encode("龍").tokens == ["[CLS]", UNKNOWN, "[SEP]"], (
        "no text has it, and it is no letter of English"
    )


def test_marks_of_beginning_and_end_have_their_new_numbers() -> None:
    kept, rows = trimmed(whole(), ["gain"], 30)
    assert kept.encode("").ids == [kept.get_vocab()["[CLS]"], kept.get_vocab()["[SEP]"]]
    assert [rows[at] for at in kept.encode("").ids] == [2, 3]
    assert sum(kept.encode("").special_tokens_mask) == 2
    assert json.loads(kept.to_str())["model"]["unk_token"] == UNKNOWN
