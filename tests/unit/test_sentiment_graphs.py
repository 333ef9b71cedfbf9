"""Graphs against the same arithmetic in numpy, and the same to the last bit in whatever batch."""

import random

import numpy as np
import onnxruntime
import pytest

from processors.sentiment.graphs.builder import Floats, Graph
from processors.sentiment.graphs.encoder import Encoder, Linear, Pooling, add_encoder
from processors.sentiment.graphs.heads import add_linear, add_mixed, add_probabilities, add_weights, softmax
from processors.sentiment.graphs.ngrams import Ints
from processors.sentiment.graphs.routing import add_joined, add_split
from processors.sentiment.training.learnt import learnt_from
from tests.support.encoders import encoded, random_weights

LONGEST = 48
LENGTHS = (3, 4, 7, 8, 9, 15, 16, 17, 24, 31, 40, 47, 48)


def session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def padded(texts: list[Ints], width: int) -> dict[str, Ints]:
    tokens = np.zeros((len(texts), width), dtype=np.int64)
    for row, text in enumerate(texts):
        tokens[row, : len(text)] = text
    mask = np.arange(width) < np.array([len(text) for text in texts])[:, None]
    return {"input_ids": tokens, "attention_mask": mask.astype(np.int64)}


def encoder(pooling: Pooling = "mean") -> Encoder:
    arrays, config = random_weights(
        layers=3, hidden=96, heads=6, wide=384, vocabulary=500, max_length=LONGEST
    )
    found = learnt_from(arrays, config, "").encoder
    return Encoder(
        found.words, found.positions, found.norm, found.layers, found.heads, found.epsilon, pooling
    )


def texts() -> list[Ints]:
    chance = np.random.default_rng(7)
    return [chance.integers(0, 500, length) for length in LENGTHS]


def vectors(one: Encoder) -> onnxruntime.InferenceSession:
    graph = Graph()
    graph.node("Identity", add_encoder(graph, one), name="vector")
    return session(graph.model("encoder", {"vector": one.hidden}))


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_an_encoder_in_eight_bits_is_near_to_its_floats(pooling: Pooling) -> None:
    one = encoder(pooling)
    running = vectors(one)
    for text in texts():
        (found,) = running.run(["vector"], padded([text], LONGEST))
        wanted = encoded(one, text)
        assert found.shape == (1, one.hidden)
        cosine = found[0] @ wanted / np.linalg.norm(found[0]) / np.linalg.norm(wanted)
        assert cosine > 0.998
        assert np.linalg.norm(found[0]) == pytest.approx(np.linalg.norm(wanted), rel=0.03)


def test_the_company_of_a_text_decides_no_bit() -> None:
    running = vectors(encoder())
    everything = texts()
    for width in (8, 24, LONGEST):
        fitting = [text for text in everything if len(text) <= width]
        alone = [running.run(["vector"], padded([text], width))[0][0].tobytes() for text in fitting]
        chance = random.Random(width)
        for size in (2, 3, 7, 33, 70):
            picked = [chance.randrange(len(fitting)) for _ in range(size)]
            (together,) = running.run(["vector"], padded([fitting[at] for at in picked], width))
            assert [row.tobytes() for row in together] == [alone[at] for at in picked]


def test_rows_in_steps_from_the_lowest_are_finer() -> None:
    chance = np.random.default_rng(2)
    # Whole steps of a weight's largest: what is rounded is the rows alone.
    weight = chance.integers(-63, 64, (64, 16)).astype(np.float32) / np.float32(63)
    weight[0] = 1
    values = np.abs(chance.standard_normal((40, 64)).astype(np.float32)) - np.float32(0.1)
    errors = []
    for lowest in (None, -0.1):
        graph = Graph()
        # The graph's only inputs are whole numbers: values come from a table.
        rows = graph.node(
            "Reshape", graph.node("Gather", graph.constant(values), "input_ids"), graph.ints(-1, 64)
        )
        product, constant = graph.product(graph.rows(rows, lowest), weight)
        graph.node("Add", product, graph.constant(constant), name="product")
        model = session(graph.model("product", {"product": 16}))
        (found,) = model.run(["product"], padded([np.arange(40)], 40))
        errors.append(float(np.abs(found - values @ weight).mean()))
    assert errors[1] < errors[0] < 0.05


@pytest.mark.parametrize("chosen", [[], [0, 1, 2, 3, 4, 5], [1], [0, 2, 5], [0, 1, 2, 4]])
def test_each_text_comes_back_from_the_encoder_of_its_share(chosen: list[int]) -> None:
    # Kinds by the first token: of the second and third kind, which are English, 0.8 and a little more, or just 0.8.
    kinds = np.array([[0.2, 0.5, 0.3], [0.19, 0.5, 0.31], [0.9, 0.1, 0.0]], dtype=np.float32)
    firsts = np.array([1 if at in chosen else 2 * (at % 2) for at in range(6)])
    ids = np.stack([firsts, np.arange(6)], axis=1)
    graph = Graph()
    first = graph.node("Gather", "input_ids", graph.constant(np.array(0)), axis=1)
    shares = add_split(graph, graph.node("Gather", graph.constant(kinds), first), (1, 2))
    said = [
        graph.node("Cast", graph.node("Mul", share.ids, graph.ints(times)), to=1)
        for share, times in zip(shares, (1, 10), strict=True)
    ]
    graph.node("Identity", add_joined(graph, shares, said, 2), name="said")
    model = session(graph.model("routed", {"said": 2, "english": 1}, english=True))
    mask = np.ones_like(ids)
    found, english = model.run(
        ["said", "english"],
        {"input_ids": ids, "attention_mask": mask, "english_ids": ids + 100, "english_mask": mask},
    )
    is_english = np.isin(np.arange(6), chosen)
    assert english[:, 0].astype(bool).tolist() == is_english.tolist()
    assert found.tolist() == np.where(is_english[:, None], (ids + 100) * 10, ids).tolist()


def test_heads_mix_by_kind() -> None:
    shares = np.array([[1.0, 0.0], [0.25, 2.0]], dtype=np.float32)
    chance = np.random.default_rng(4)
    table = chance.standard_normal((9, 4)).astype(np.float32)
    linear = Linear(chance.standard_normal((4, 3)).astype(np.float32), np.arange(3, dtype=np.float32))
    graph = Graph()
    first = graph.node("Gather", graph.constant(table), "input_ids")
    values = graph.node("ReduceMax", first, graph.ints(1), keepdims=0)
    kinds = graph.node("Softmax", graph.part(values, 0, 2), axis=1)
    parts = [add_linear(graph, values, linear), graph.part(values, 1, 4)]
    add_probabilities(graph, add_mixed(graph, parts, add_weights(graph, kinds, shares)), "mixed")
    ids = np.array([[1, 2], [8, 0], [5, 5]])
    (found,) = session(graph.model("heads", {"mixed": 3})).run(
        ["mixed"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    )
    assert found == pytest.approx(_by_hand(table, ids, linear, shares), abs=1e-6)


def _by_hand(table: Floats, ids: Ints, linear: Linear, shares: Floats) -> Floats:
    values = table[ids].max(axis=1)
    weights = softmax(values[:, :2]) @ shares
    logits = (values @ linear.weight + linear.bias) * weights[:, :1] + values[:, 1:4] * weights[:, 1:]
    return softmax(logits)


def test_equal_constants_are_stored_once() -> None:
    graph = Graph()
    assert graph.ints(1, 2) == graph.ints(1, 2) != graph.ints(1, 3)
    assert graph.number(1.0) != graph.ints(1)
