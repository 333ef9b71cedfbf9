"""An encoder of the BERT family as an ONNX graph in eight-bit weights: token ids in, one vector per text out.

All products with weights are sums of whole numbers (`Graph.product`), everything else happens within one text or element by
element, so a text comes out the same to the last bit in whatever batch, as long as it is padded to the same length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from processors.sentiment.graphs.builder import IDS, MASK, Floats, Graph

Pooling = Literal["mean", "first"]

GELU_LOWEST = -0.17
"""No value of GELU is below it (its minimum is -0.16997)."""
_BYTE = 127


@dataclass(frozen=True, slots=True)
class Linear:
    """`x @ weight + bias`: weight is (in, out)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: attention and what follows, each with a residual and a norm after it."""

    query: Linear
    key: Linear
    value: Linear
    output: Linear
    attention_norm: Norm
    up: Linear
    down: Linear
    norm: Norm


@dataclass(frozen=True, slots=True)
class Encoder:
    """Weights of an encoder with exact GELU.

    Attributes:
        words: (vocabulary, hidden).
        positions: (length, hidden): what is added to the first, second … token, the token type included.
        pooling: the mean of all tokens, or the first one.
    """

    words: Floats
    positions: Floats
    norm: Norm
    layers: Sequence[Layer]
    heads: int
    epsilon: float
    pooling: Pooling

    @property
    def hidden(self) -> int:
        """Width of a token's vector."""
        return int(self.words.shape[1])


def add_encoder(graph: Graph, encoder: Encoder, ids: str = IDS, mask: str = MASK) -> str:
    """Add the encoder to a graph; the result is (batch, hidden). Ids and mask are (batch, length)."""
    # Tokens of all texts stand below one another, (batch * length, hidden), but for attention.
    shape = graph.node("Concat", graph.node("Shape", ids), graph.ints(encoder.hidden), axis=0)
    flat = graph.ints(-1, encoder.hidden)
    lengths = graph.node(
        "Cast",
        graph.node("ReduceSum", mask, graph.ints(1), keepdims=0),
        to=6,  # int32
    )
    tokens = graph.node("Reshape", _embedded(graph, encoder, ids), flat)
    for layer in encoder.layers:
        tokens = _layer(graph, layer, tokens, encoder, shape, flat, lengths)
    return _pooled(graph, graph.node("Reshape", tokens, shape), encoder.pooling, mask)


def _embedded(graph: Graph, encoder: Encoder, ids: str) -> str:
    step = np.maximum(np.abs(encoder.words).max(axis=1, keepdims=True), np.float32(1e-9)) / np.float32(_BYTE)
    whole = np.rint(encoder.words / step).astype(np.int8)
    found = graph.node("Cast", graph.node("Gather", graph.constant(whole), ids), to=1)
    words = graph.node("Mul", found, graph.node("Gather", graph.constant(step.astype(np.float32)), ids))
    length = graph.node("Shape", ids, start=1, end=2)
    positions = graph.node("Slice", graph.constant(encoder.positions), graph.ints(0), length, graph.ints(0))
    return _normed(graph, graph.node("Add", words, positions), encoder.norm, encoder.epsilon)


def _layer(
    graph: Graph, layer: Layer, tokens: str, encoder: Encoder, shape: str, flat: str, lengths: str
) -> str:
    rows = graph.rows(tokens)
    asked = [
        graph.node("Reshape", graph.product(rows, one.weight)[0], shape)
        for one in (layer.query, layer.key, layer.value)
    ]
    biases = np.concatenate([one.bias for one in (layer.query, layer.key, layer.value)])
    attended = graph.ours(
        "MultiHeadAttention", *asked, graph.constant(biases), lengths, num_heads=encoder.heads
    )
    attended = graph.node("Reshape", attended, flat)
    tokens = _added(
        graph,
        graph.product(graph.rows(attended), layer.output.weight),
        layer.output,
        tokens,
        layer.attention_norm,
        encoder,
    )
    risen, extra = graph.product(graph.rows(tokens), layer.up.weight)
    active = graph.ours("BiasGelu", risen, graph.constant(layer.up.bias + extra))
    fallen = graph.product(graph.rows(active, lowest=GELU_LOWEST), layer.down.weight)
    return _added(graph, fallen, layer.down, tokens, layer.norm, encoder)


def _added(
    graph: Graph, product: tuple[str, Floats], linear: Linear, tokens: str, norm: Norm, encoder: Encoder
) -> str:
    # Three nodes, for onnxruntime's SkipLayerNormalization takes several times as long as they do.
    value, extra = product
    value = graph.node("Add", value, graph.constant(linear.bias + extra))
    return _normed(graph, graph.node("Add", value, tokens), norm, encoder.epsilon)


def _normed(graph: Graph, value: str, norm: Norm, epsilon: float) -> str:
    return graph.node(
        "LayerNormalization",
        value,
        graph.constant(norm.weight),
        graph.constant(norm.bias),
        epsilon=epsilon,
    )


def _pooled(graph: Graph, tokens: str, pooling: Pooling, mask: str) -> str:
    if pooling == "first":
        return graph.node("Gather", tokens, graph.constant(np.array(0, dtype=np.int64)), axis=1)
    seen = graph.node("Cast", mask, to=1)
    # A product of one row for each text: its order of adding follows from the padded length alone.
    summed = graph.node("MatMul", graph.node("Unsqueeze", seen, graph.ints(1)), tokens)
    count = graph.node("ReduceSum", seen, graph.ints(1), keepdims=1)
    return graph.node("Div", graph.node("Squeeze", summed, graph.ints(1)), count)
