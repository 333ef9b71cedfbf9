"""The deep part learns, goes on where it stopped, and computes what the bundle's graph will; where torch is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from processors.sentiment.bundle import Bundle, load
from processors.sentiment.labels import HEADS
from processors.sentiment.training.assembly import Deep, deep_model
from processors.sentiment.training.base import read
from processors.sentiment.training.learnt import read_learnt
from processors.sentiment.training.recipe import Recipe, further
from processors.sentiment.training.unpacking import unpacked
from processors.sentiment.training.writing import Description, write_bundle
from schemas.errors import Fatal
from tests.support.labelled import write_sets
from tests.support.small_base import write_base

torch = pytest.importorskip("torch", reason="torch is not here: make train installs it, in .venv-train")

from processors.sentiment.training import deep, keeping  # noqa: E402 -- they need torch
from processors.sentiment.training.encoder import Encoder  # noqa: E402 -- same

WORDS = ["bagus", "jelek", "great", "bad", "rapat", "meeting", "marah", "happy"]
SMALL = replace(
    Recipe(),
    layers=2,
    pieces=120,
    epochs=2.0,
    lessons=40,
    max_length=32,
    batch_tokens=256,
    rate=2e-3,
    head_rate=1e-2,
)


def train(
    folder: Path, recipe: Recipe, minutes: float | None = None, begin: Bundle | None = None
) -> tuple[list[str], list[float]]:
    said: list[str] = []
    losses: list[float] = []
    write_sets(folder / "data", per_label=16)
    files = write_base(folder, WORDS)
    deep.train(
        files,
        folder / "data",
        folder / "out",
        recipe,
        minutes,
        said.append,
        lambda _, loss, __: losses.append(loss),
        begin,
    )
    return said, losses


@pytest.mark.parametrize("workers", [1, 2])
def test_the_loss_falls_and_what_was_learnt_is_left(tmp_path: Path, workers: int) -> None:
    said, losses = train(tmp_path, replace(SMALL, workers=workers))
    part = max(1, len(losses) // 5)
    assert np.mean(losses[-part:]) < 0.9 * np.mean(losses[:part])
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    with np.load(tmp_path / "out" / "learnt.npz") as learnt:
        assert learnt["layer.1.up.weight"].shape == (config["hidden"], config["intermediate"])
        assert learnt["embeddings.word"].shape == (config["vocabulary"], config["hidden"])
        assert "layer.2.up.weight" not in learnt.files
    valid = json.loads((tmp_path / "out" / "valid.json").read_text())
    assert set(valid) == {"smsa", "nusax", "cnbci", "tfns", "emot", "goemotions"}
    assert str(valid) in said[-1]


def test_the_same_seed_learns_the_same(tmp_path: Path) -> None:
    recipe = replace(SMALL, workers=1, epochs=1.0)
    assert train(tmp_path / "one", recipe)[1] == train(tmp_path / "two", recipe)[1]


def test_a_training_goes_on_from_its_state_at_the_rate_that_is_due(tmp_path: Path) -> None:
    recipe = replace(SMALL, workers=1)
    _, whole = train(tmp_path, recipe)
    state = torch.load(tmp_path / "out" / keeping.STATE, weights_only=True)
    done = state["progress"]
    # As it was after the first pass.
    first = [loss for share, loss in done["losses"] if share < 0.5]
    done.update(epoch=1, batch=0, losses=done["losses"][: len(first)])
    for group in state["optimizer"]["param_groups"]:
        group["lr"] = 0.0
    torch.save(state, tmp_path / "out" / keeping.STATE)
    said, rest = train(tmp_path, recipe)
    assert any(line.startswith("goes on in epoch 2") for line in said)
    assert len(rest) == len(whole) - len(first)
    assert rest != whole[len(first) :]
    changed, _ = train(tmp_path, replace(recipe, seed=1))
    assert not any(line.startswith("goes on") for line in changed)
    assert any("training of another recipe" in line for line in changed)
    assert not any("training of another recipe" in line for line in said)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_training_that_may_take_no_time_still_leaves_something(tmp_path: Path, workers: int) -> None:
    _, losses = train(tmp_path, replace(SMALL, workers=workers), minutes=1e-9)
    assert len(losses) <= SMALL.average_every
    assert (tmp_path / "out" / "learnt.npz").exists()


def test_more_layers_than_the_base_has_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"asks for 9 layers; .* has 3"):
        train(tmp_path, replace(SMALL, layers=9))
    with pytest.raises(Fatal, match="asks for 0 layers"):
        train(tmp_path, replace(SMALL, layers=0))


def bundle_of(folder: Path) -> Bundle:
    learnt = read_learnt(folder)
    describe = Description("small", learnt.config)
    write_bundle(
        folder / "b",
        deep_model(Deep(learnt)),
        learnt.tokenizer,
        learnt.max_length,
        tuple(HEADS),
        describe,
        {},
    )
    return load(folder / "b")


def test_a_training_goes_on_from_a_bundle_and_says_so(tmp_path: Path) -> None:
    recipe = replace(SMALL, workers=1)
    _, first = train(tmp_path / "first", recipe)
    bundle = bundle_of(tmp_path / "first" / "out")
    gentler = further(recipe, bundle)
    assert gentler.seed == recipe.seed + 1
    assert gentler.rate < recipe.rate
    _, second = train(tmp_path / "second", gentler, begin=bundle)
    part = max(1, len(first) // 5)
    assert np.mean(second[:part]) < 0.9 * np.mean(first[:part]), "what was learnt is still known"
    config = json.loads((tmp_path / "second" / "out" / "config.json").read_text())
    assert config["recipe"]["begins"] == bundle.model_version
    assert (tmp_path / "second" / "out" / "tokenizer.json").read_text() == bundle.tokenizer


def test_a_training_that_goes_on_with_more_layers_takes_those_above_from_the_base(tmp_path: Path) -> None:
    recipe = replace(SMALL, workers=1)
    train(tmp_path / "first", recipe)
    bundle = bundle_of(tmp_path / "first" / "out")
    train(tmp_path / "second", further(recipe, bundle, 3), minutes=1e-9, begin=bundle)
    kept = unpacked(bundle.model)
    above = read(tmp_path / "second" / "base.bin").weights
    with np.load(tmp_path / "second" / "out" / "learnt.npz") as learnt:
        for name in ("embeddings.word", "layer.1.up.weight"):
            assert np.abs(learnt[name] - kept[name]).max() < np.abs(kept[name]).max() / 10, name
        assert np.abs(learnt["layer.2.up.weight"] - above["layer.2.up.weight"]).max() < 0.1
        assert "layer.3.up.weight" not in learnt.files
    with pytest.raises(Fatal, match=r"asks for 4 layers; .* has 3"):
        train(tmp_path / "third", further(recipe, bundle, 4), begin=bundle)


def test_a_bundle_that_learnt_from_a_set_is_no_beginning_for_one_without_it(tmp_path: Path) -> None:
    recipe = replace(SMALL, workers=1)
    train(tmp_path, recipe, minutes=1e-9)
    bundle = bundle_of(tmp_path / "out")
    with pytest.raises(Fatal, match=r"small-\w+ has learnt from emot; begin with the base instead"):
        further(replace(recipe, without=("emot",)), bundle)


def test_weights_come_out_as_they_went_in() -> None:
    shape = {"layers": 1, "hidden": 32, "heads": 2, "intermediate": 64, "vocabulary": 9, "positions": 5}
    given = {name: array + 1 for name, array in Encoder(shape, 0.0).weights().items()}
    model = Encoder(shape, 0.0)
    model.take(given)
    found = model.weights()
    assert all(np.array_equal(found[name], given[name]) for name in given)
    assert found["layer.0.up.weight"].shape == (32, 64)


def test_padding_changes_no_score() -> None:
    shape = {"layers": 2, "hidden": 32, "heads": 2, "intermediate": 64, "vocabulary": 9, "positions": 8}
    model = Encoder(shape, 0.0).eval()
    ids = torch.tensor([[0, 5, 6, 2]])
    alone = model(ids, torch.ones(1, 4, dtype=torch.bool))
    wide = torch.tensor([[0, 5, 6, 2, 1, 1, 1]])
    padded = model(wide, wide != 1)
    for one, other in zip(alone, padded, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
