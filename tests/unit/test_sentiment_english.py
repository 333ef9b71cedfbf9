"""The tutor's base: out of its jar come the values that its quantised matrices stand for, or one clear line."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from processors.sentiment.training import english
from schemas.errors import Fatal
from tests.support.small_english import HIDDEN, INNER, write_english


def test_matrices_are_what_their_eight_bits_stand_for(tmp_path: Path) -> None:
    stood_for = write_english(tmp_path / "e.jar", ["good", "bad"], layers=2)
    found = english.read(tmp_path / "e.jar")
    base, weights = found.base, found.base.weights
    assert (base.hidden, base.layers, base.heads, base.inner) == (HIDDEN, 2, 2, INNER)
    assert np.array_equal(weights["embeddings.word"], stood_for["embeddings.word_embeddings.weight"])
    assert np.array_equal(weights["embeddings.type"], stood_for["embeddings.token_type_embeddings.weight"][0])
    assert np.array_equal(weights["layer.1.down.weight"], stood_for["onnx::MatMul_105"])
    assert np.array_equal(weights["layer.0.attention.value.weight"], stood_for["onnx::MatMul_2"])
    assert weights["layer.1.up.bias"].shape == (INNER,)
    assert weights["layer.1.attention.norm.weight"].tolist() == [1.0] * HIDDEN
    assert '"good"' in found.tokenizer


def test_another_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"none\.jar cannot be read: No such file"):
        english.read(tmp_path / "none.jar")
    (tmp_path / "text.jar").write_text("no archive")
    with pytest.raises(Fatal, match=r"text\.jar is not the jar that carries e5-small-v2"):
        english.read(tmp_path / "text.jar")
    with zipfile.ZipFile(tmp_path / "other.jar", "w") as archive:
        archive.writestr("README", "something else")
    with pytest.raises(Fatal, match=r"other\.jar is not the jar that carries e5-small-v2"):
        english.read(tmp_path / "other.jar")


def test_a_model_that_is_cut_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cut.jar", "w") as archive:
        archive.writestr("e5-small-v2-q.onnx", b"\xff\xff no message")
        archive.writestr("e5-small-v2-q-tokenizer.json", "{}")
    with pytest.raises(Fatal, match=r"cut\.jar is not the jar that carries e5-small-v2"):
        english.read(tmp_path / "cut.jar")


def test_a_model_that_is_laid_out_otherwise_is_refused(tmp_path: Path) -> None:
    write_english(tmp_path / "e.jar", ["good"], layers=0)
    with pytest.raises(Fatal, match="is not laid out as e5-small-v2 is"):
        english.read(tmp_path / "e.jar")
