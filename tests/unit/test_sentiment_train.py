"""A small training on generated texts, from files to a bundle that loads and has learnt."""

from pathlib import Path

import numpy as np
import pytest

from processors.sentiment import SentimentModel, features, vocabulary
from processors.sentiment.data import SETS
from processors.sentiment.train import Recipe, train
from schemas.errors import Fatal
from tests.support.labelled import write_sets

SMALL = Recipe(entries=600, pieces=200, slots=2**12, rounds=45)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("training")
    write_sets(where / "data")
    said: list[str] = []
    train(where / "data", where / "out", SMALL, said.append)
    assert any("iteration" in line for line in said)
    return where


def test_it_has_learnt(folder: Path) -> None:
    model = SentimentModel(folder / "out")
    scores = model.bundle.manifest["scores"]
    assert set(scores) == {one.name for one in SETS}
    assert all(one["macro_f1"] > 80 for one in scores.values()), scores
    assert scores["goemotions"]["left_out"] == {"disgust": 3, "surprise": 3}
    said = model.score(["saya marah dan kesal", "we love it great gain"])
    assert (said[0].emotion, said[1].sentiment) == ("anger", "positive")


def test_the_card_tells_what_the_manifest_tells(folder: Path) -> None:
    card = (folder / "out" / "CARD.md").read_text()
    manifest = SentimentModel(folder / "out").bundle.manifest
    assert manifest["model_version"] in card
    for name, scores in manifest["scores"].items():
        assert f"| {name} | " in card
        assert f"| {scores['macro_f1']:.1f} | {scores['accuracy']:.1f} |" in card
    assert manifest["licence"] in (folder / "out" / "LICENSE").read_text().replace("\n", " ")


def test_the_same_data_give_the_same_bundle(folder: Path, tmp_path: Path) -> None:
    train(folder / "data", tmp_path, SMALL, lambda _: None)
    assert (tmp_path / "model.onnx").read_bytes() == (folder / "out" / "model.onnx").read_bytes()
    assert (tmp_path / "tokenizer.json").read_bytes() == (folder / "out" / "tokenizer.json").read_bytes()


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"smsa\.jsonl, which is not there; name the data folder with --data"):
        train(tmp_path, tmp_path / "out", SMALL, lambda _: None)


def test_data_of_another_form_are_named(tmp_path: Path) -> None:
    write_sets(tmp_path, per_label=4)
    (tmp_path / SETS[0].path).write_text('{"text": "no label"}\n')
    with pytest.raises(Fatal, match=r"smsa\.jsonl is not JSON lines"):
        train(tmp_path, tmp_path / "out", SMALL, lambda _: None)


def test_pairs_are_found_exactly() -> None:
    texts = [np.array(one) for one in ([2, 3, 4], [2, 3, 5], [3, 2, 3], [9, 9])]
    known = features.build(texts, 10, (1, 2), 64, 2)
    rows = known.lookup(np.array([2, 3]))
    assert rows.tolist()[:2] == [3, 4]
    assert len(rows) == 3
    assert known.lookup(np.array([3, 2])).tolist() == [4, 3]
    assert known.lookup(np.array([9])).tolist() == [10]
    matrix = features.matrix(known, [np.array([2, 3]), np.array([], dtype=np.int64)])
    assert np.linalg.norm(matrix.toarray(), axis=1) == pytest.approx([1, 0], abs=0.1)


def test_of_two_pairs_in_one_slot_the_more_frequent_stays() -> None:
    texts = [np.array(one) for one in ([2, 3], [2, 3], [2, 3], [4, 5], [4, 5])]
    known = features.build(texts, 10, (1,), 1, 2)
    assert len(known.lookup(np.array([2, 3]))) == 3
    assert len(known.lookup(np.array([4, 5]))) == 2


def test_words_are_whole_or_in_known_parts() -> None:
    tokenizer = vocabulary.train(["makan makanan makan makanan minum minum"] * 3, 60, 40)
    assert tokenizer.encode("makan minum").tokens == ["makan", "minum"]
    parts = tokenizer.encode("makanmu").tokens
    assert parts[0].startswith("makan")
    assert "".join(part.removeprefix("##") for part in parts) == "makanmu"
    assert tokenizer.encode("_url_ makan!").tokens[-1] == vocabulary.UNKNOWN
    assert tokenizer.token_to_id(vocabulary.PAD) == 0
