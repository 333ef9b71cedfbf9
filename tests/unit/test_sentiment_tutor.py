"""The tutor learns, labels what nobody labelled, and a student learns from its labels; where torch is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from processors.sentiment.bundle import DEFAULT
from processors.sentiment.normalise import normalise
from processors.sentiment.training import material
from processors.sentiment.training.learnt import ENGLISH_FOLDER, arrays_of, read_learnt
from processors.sentiment.training.recipe import Recipe, beside_english, for_english, for_tutor
from schemas.errors import Fatal
from tests.support.labelled import write_sets
from tests.support.small_base import write_base
from tests.support.small_english import write_english

torch = pytest.importorskip("torch", reason="torch is not here: make train installs it, in .venv-train")

from processors.sentiment.training import deep, english_part, tutor  # noqa: E402 -- they need torch
from processors.sentiment.training.descent import _loss  # noqa: E402 -- same
from processors.sentiment.training.train import train  # noqa: E402 -- same

WORDS = ["great", "good", "gain", "bad", "poor", "loss", "meeting", "report", "office", "the", "and", "tfns"]
SMALL = replace(
    Recipe(), lessons=20, max_length=32, batch_tokens=256, rate=2e-3, head_rate=1e-2, pieces=120, workers=1
)
POSTS = ["good gain great and the good gain", "bad loss poor the bad loss", "the office report and meeting"]


def teach(folder: Path, posts: list[str]) -> tuple[str, list[dict[str, object]], list[str]]:
    write_sets(folder / "data", per_label=16)
    (folder / "data" / "events").mkdir(exist_ok=True)
    lines = "".join(json.dumps({"text": post}) + "\n" for post in posts)
    (folder / "data" / "events" / "stocknet_2015.jsonl").write_text(lines)
    write_english(folder / "tutor.jar", [*WORDS, "zebra"])
    (folder / "out").mkdir(exist_ok=True)
    said: list[str] = []
    name = tutor.teach(
        folder / "tutor.jar", folder / "data", folder / "out", SMALL, said.append, lambda *_: None
    )
    rows = (folder / "out" / material.TUTORED).read_text().splitlines()
    return name, [json.loads(row) for row in rows], said


def test_it_labels_posts_and_variants_once_each_and_a_student_learns_from_them(tmp_path: Path) -> None:
    sets = material.read(write_sets_of(tmp_path))
    held = next(one.text for one in sets.valid if one.source == "tfns")
    name, rows, said = teach(tmp_path, [*POSTS, POSTS[0], POSTS[1].upper(), held])
    texts = [str(row["text"]) for row in rows]
    assert texts[:3] == POSTS
    assert len({normalise(text) for text in texts}) == len(texts) > 40
    assert held not in texts, "what stands in a valid split is not learnt from, whoever labels it"
    for row in rows:
        assert (row["lang"], row["like"]) == ("en", "tfns")
        assert sum(row["sentiment"]) == pytest.approx(1, abs=0.01)  # type: ignore[call-overload]
    assert any(line.startswith("tutor: ") for line in said)
    assert teach(tmp_path, [*POSTS, held])[0] == name, "gone on with, it says the same again"

    files = write_base(tmp_path, WORDS)
    recipe = replace(SMALL, tutor=name, layers=2, epochs=1.0)
    deep.train(files, tmp_path / "data", tmp_path / "out", recipe, None, said.append, lambda *_: None)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["recipe"]["tutor"] == name


def test_the_english_encoder_begins_with_the_tutors_lower_layers_and_its_words(tmp_path: Path) -> None:
    name, rows, said = teach(tmp_path, POSTS)
    recipe = replace(SMALL, tutor=name, layers=2)
    english_part.train(tmp_path / "data", tmp_path / "out", recipe, None, said.append, lambda *_: None)
    line = next(one for one in said if one.startswith("English encoder: "))
    assert f"{len(rows)} that the tutor labelled" in line
    config, tokenizer, arrays = arrays_of(tmp_path / "out" / ENGLISH_FOLDER)
    _, whole, tutors = arrays_of(tmp_path / "out" / "tutor")
    assert (config["layers"], config["recipe"]["begins"], config["recipe"]["tutor"]) == (2, "tutor", name)
    assert "layer.2.up.bias" not in arrays
    read_learnt(tmp_path / "out" / ENGLISH_FOLDER)
    kept, before = (Tokenizer.from_str(one).get_vocab() for one in (tokenizer, whole))
    assert set(before) - set(kept) == {"zebra"}, "words that no English text has are gone"
    for word in ("great", "loss", "_symbol_"):
        here, there = arrays["embeddings.word"][kept[word]], tutors["embeddings.word"][before[word]]
        assert np.corrcoef(here, there)[0, 1] > 0.9
    valid = json.loads((tmp_path / "out" / ENGLISH_FOLDER / "valid.json").read_text())
    assert set(valid) == {"nusax", "tfns", "goemotions"}
    assert valid["tfns"] > 80, valid


def test_a_bundle_with_an_english_encoder_is_gone_on_from_with_its_tutor_only(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"leaves English to an encoder of its own, .* name its jar with --tutor"):
        train(tmp_path, tmp_path, tmp_path / "out", Recipe(), None, str(DEFAULT), None, ("sentiment",), None)
    assert not list(tmp_path.iterdir())


def test_its_recipe_is_of_all_english_sets() -> None:
    own = for_english(Recipe())
    assert (own.languages, own.layers, own.without) == (("en",), 8, ("cnbci", "emot", "smsa"))
    assert dict(for_english(replace(Recipe(), without=("tfns",))).shares).keys() == {"nusax", "goemotions"}
    own = beside_english(Recipe(), "labels")
    assert (own.tutor, own.tutored_weight, dict(own.shares)["tfns"]) == ("labels", 0.0, 0.3)
    assert dict(own.shares)["smsa"] == dict(Recipe().shares)["smsa"]


def write_sets_of(folder: Path) -> Path:
    write_sets(folder / "data", per_label=16)
    return folder / "data"


def test_without_posts_to_label_it_says_so(tmp_path: Path) -> None:
    write_sets(tmp_path / "data")
    write_english(tmp_path / "tutor.jar", WORDS)
    with pytest.raises(Fatal, match=r"the tutor needs posts to label: .*stocknet_2015\.jsonl cannot be read"):
        tutor.teach(
            tmp_path / "tutor.jar", tmp_path / "data", tmp_path, SMALL, lambda _: None, lambda *_: None
        )


def test_its_recipe_is_of_english_sentiment_alone() -> None:
    own = for_tutor(Recipe(), "base")
    assert (own.begins, own.languages, own.layers) == ("base", ("en",), 12)
    assert set(own.without) == {"smsa", "cnbci", "emot", "goemotions"}
    assert for_tutor(replace(Recipe(), without=("nusax",)), "base").shares == (("tfns", 1.0),)
    with pytest.raises(Fatal, match="both are to be left out"):
        for_tutor(replace(Recipe(), without=("nusax", "tfns")), "base")


def test_a_loss_by_chances_is_least_where_they_are_said() -> None:
    chances = (0.5, 0.2, 0.3)
    said = torch.log(torch.tensor([chances, chances]))
    other = torch.zeros(2, 3)
    labels = [(-1, 1.0, chances), (-1, 0.0, ())]
    entropy = -sum(one * np.log(one) for one in chances)
    assert float(_loss(said, labels, 0.0)) == pytest.approx(entropy, rel=1e-5)
    assert float(_loss(other, labels, 0.0)) == pytest.approx(np.log(3), rel=1e-5)
    assert float(_loss(other, [(1, 0.5, ()), (-1, 1.0, ())], 0.0)) == pytest.approx(np.log(3) / 2, rel=1e-5)
