"""The encoder of a bundle as weights again, so that a training can go on from it: the one that reads both languages.

Weights come back as the whole steps that the bundle keeps (`graphs/builder.py`), so they are near to what was learnt, not the same.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import NodeProto, numpy_helper

from processors.sentiment.graphs.builder import ENGLISH_IDS, IDS, Floats
from processors.sentiment.graphs.encoder import GELU_LOWEST
from processors.sentiment.labels import HEADS
from schemas.errors import Fatal

_PRODUCT = "MatMulIntegerToFloat"
_MATRICES = ("attention.query", "attention.key", "attention.value", "attention.output", "up", "down")


def unpacked(model: bytes) -> dict[str, Floats]:
    """Weights of a bundle's ONNX file by the names of `learnt.npz`; positions are as many as the bundle reads tokens.

    Raises:
        Fatal: the file has no deep part, or not one that this program has written.
    """
    graph = onnx.load_from_string(model).graph
    held = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    try:
        nodes = _own(graph.node)
        return {**_embeddings(nodes, held), **_layers(nodes, held), **_heads(nodes, held)}
    except (StopIteration, LookupError, ValueError) as error:
        raise Fatal(
            f"this bundle has no deep part to go on from, or not one that was trained here: {error!r}"
        ) from error


def _own(nodes: Sequence[NodeProto]) -> list[NodeProto]:
    """Without the English encoder, where there is one, and all that is written after it (`assembly`)."""
    english = next((node.output[0] for node in nodes if node.input[:1] == [ENGLISH_IDS]), None)
    if english is None:
        return list(nodes)
    return list(nodes)[: next(at for at, node in enumerate(nodes) if english in node.input)]


def _embeddings(nodes: list[NodeProto], held: Mapping[str, np.ndarray]) -> dict[str, Floats]:
    # Of the texts that it reads, where another encoder reads the rest.
    ids = next((node.output[0] for node in nodes if node.op_type == "Gather" and node.input[0] == IDS), IDS)
    words, steps = (
        held[node.input[0]] for node in nodes if node.op_type == "Gather" and node.input[1] == ids
    )
    positions = next(
        held[node.input[0]] for node in nodes if node.op_type == "Slice" and node.input[0] in held
    )
    return {"embeddings.word": _floats(words * steps), "embeddings.position": _floats(positions)}


def _layers(nodes: list[NodeProto], held: Mapping[str, np.ndarray]) -> dict[str, Floats]:
    """Everything between embeddings and pooling, in the order in which `add_encoder` writes it."""
    hidden = len(next(_of(nodes, "LayerNormalization", held))[0])
    products = [_floats(whole * step) for whole, _, step, _ in _of(nodes, _PRODUCT, held)]
    asked = [biases[0] for biases in _of(nodes, "MultiHeadAttention", held)]
    risen = [biases[0] for biases in _of(nodes, "BiasGelu", held)]
    added = [one[0] for one in _of(nodes, "Add", held) if one and one[0].shape == (hidden,)]
    norms = _of(nodes, "LayerNormalization", held)
    found: dict[str, Floats] = dict(zip(_norm("embeddings.norm"), map(_floats, next(norms)), strict=True))
    for at, biases in enumerate(asked):
        weights = products[len(_MATRICES) * at : len(_MATRICES) * (at + 1)]
        output, fallen = added[2 * at], added[2 * at + 1]
        # What counting GELU from its lowest value adds was put into the bias.
        fallen = fallen - weights[5].sum(axis=0) * np.float32(GELU_LOWEST)
        each = [*np.split(biases, 3), output, risen[at], fallen]
        for name, weight, bias in zip(_MATRICES, weights, each, strict=True):
            found[f"layer.{at}.{name}.weight"] = weight
            found[f"layer.{at}.{name}.bias"] = _floats(bias)
        for name in ("attention.norm", "norm"):
            found.update(zip(_norm(f"layer.{at}.{name}"), map(_floats, next(norms)), strict=True))
    return found


def _heads(nodes: list[NodeProto], held: Mapping[str, np.ndarray]) -> dict[str, Floats]:
    """A head is a product element by element, its sum, and what is added to that (`add_linear`)."""
    readers = {name: node for node in nodes for name in node.input}
    found: dict[str, Floats] = {}
    for node in nodes:
        weight = held.get(node.input[1]) if node.op_type == "Mul" else None
        if weight is None or weight.ndim != 2:  # noqa: PLR2004 -- a matrix
            continue
        summed = readers[node.output[0]]
        bias = held[readers[summed.output[0]].input[1]]
        name = next(head for head, labels in HEADS.items() if len(labels) == len(bias))
        found[f"{name}.weight"], found[f"{name}.bias"] = _floats(weight.T), _floats(bias)
    return found


def _of(nodes: list[NodeProto], kind: str, held: Mapping[str, np.ndarray]) -> Iterator[list[np.ndarray]]:
    """The constants among the inputs of each node of a kind, in their order."""
    for node in nodes:
        if node.op_type == kind:
            yield [held[name] for name in node.input if name in held]


def _norm(name: str) -> tuple[str, str]:
    return f"{name}.weight", f"{name}.bias"


def _floats(value: np.ndarray) -> Floats:
    return np.ascontiguousarray(value, dtype=np.float32)
