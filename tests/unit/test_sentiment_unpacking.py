"""What comes out of a bundle's graph is what went in, in the bundle's own steps."""

from dataclasses import replace

import numpy as np
import pytest

from processors.sentiment.bundle import load
from processors.sentiment.graphs.builder import Graph
from processors.sentiment.training.assembly import Deep, deep_model
from processors.sentiment.training.learnt import learnt_from
from processors.sentiment.training.recipe import Recipe, further
from processors.sentiment.training.unpacking import unpacked
from schemas.errors import Fatal
from tests.support.encoders import random_weights

ARRAYS, CONFIG = random_weights(layers=3, hidden=48, heads=4, wide=96, vocabulary=200, max_length=24)
MODEL = deep_model(Deep(learnt_from(ARRAYS, CONFIG, "")))


def test_weights_come_back_within_half_a_step() -> None:
    found = unpacked(MODEL)
    assert found.keys() == ARRAYS.keys()
    for name, one in found.items():
        before = ARRAYS[name]
        assert one.shape == before.shape
        if name == "embeddings.word":
            step = np.abs(before).max(axis=1, keepdims=True) / 127
        elif name.startswith("layer.") and before.ndim == 2:
            step = np.abs(before).max(axis=0) / 63
        else:
            step = np.full_like(before, 1e-5)
        assert (np.abs(one - before) <= 0.501 * step + 1e-6).all(), name


def test_what_was_unpacked_makes_the_same_model() -> None:
    assert deep_model(Deep(learnt_from(unpacked(MODEL), CONFIG, ""))) == MODEL


def test_of_a_blended_bundle_the_deep_part_comes_back() -> None:
    bundle = load()
    trained = bundle.manifest["recipe"]["deep"]
    found = unpacked(bundle.model)
    assert found.keys() >= {"sentiment.weight", "emotion.bias", f"layer.{trained['layers'] - 1}.norm.bias"}
    assert learnt_from(found, trained, bundle.tokenizer).encoder.words.shape[0] == trained["vocabulary"]


def test_a_model_without_a_deep_part_is_refused() -> None:
    graph = Graph()
    graph.node("Identity", "input_ids", name="sentiment")
    with pytest.raises(Fatal, match="no deep part to go on from"):
        unpacked(graph.model("wide", {"sentiment": 3}))


def test_a_bundle_that_was_not_trained_here_is_no_beginning() -> None:
    bundle = load()
    one = further(Recipe(), bundle)
    assert one.begins == bundle.model_version
    assert one.seed == bundle.manifest["recipe"]["deep"]["recipe"]["seed"] + 1, (
        "or it would draw the same texts again"
    )
    assert further(Recipe(), bundle, one.layers + 4).layers == one.layers + 4
    with pytest.raises(Fatal, match=f"has {one.layers} layers"):
        further(Recipe(), bundle, one.layers - 1)
    foreign = replace(bundle, manifest={**bundle.manifest, "recipe": {"deep": {}}})
    with pytest.raises(Fatal, match="no deep part that was trained here"):
        further(Recipe(), foreign)
