"""The end of a graph: logits of one or two parts, weighed by the kind of text, become probabilities."""

from collections.abc import Sequence

import numpy as np

from processors.sentiment.graphs.builder import Floats, Graph
from processors.sentiment.graphs.encoder import Linear


def add_linear(graph: Graph, vectors: str, linear: Linear) -> str:
    """(batch, in) to (batch, out) in floats, each sum along a text's own vector.

    A MatMul would add up in another order where the batch is a single text.
    """
    each = graph.node("Mul", graph.node("Unsqueeze", vectors, graph.ints(1)), graph.constant(linear.weight.T))
    summed = graph.node("ReduceSum", each, graph.ints(2), keepdims=0)
    return graph.node("Add", summed, graph.constant(linear.bias))


def add_weights(graph: Graph, kinds: str, shares: Floats) -> list[str]:
    """What each column of `shares` (kinds, columns) is for texts of these kinds (batch, kinds): a (batch, 1) each."""
    parts = [graph.part(kinds, kind, kind + 1) for kind in range(len(shares))]
    return [
        graph.chain(
            [
                graph.node("Mul", part, graph.number(float(share)))
                for part, share in zip(parts, column, strict=True)
            ]
        )
        for column in shares.T
    ]


def add_mixed(graph: Graph, parts: Sequence[str], weights: Sequence[str]) -> str:
    """The parts (batch, classes), each times its weight (batch, 1), added up."""
    return graph.chain([graph.node("Mul", part, weight) for part, weight in zip(parts, weights, strict=True)])


def add_probabilities(graph: Graph, logits: str, name: str) -> None:
    """The output `name`: softmax over the classes."""
    graph.node("Softmax", logits, axis=1, name=name)


def softmax(logits: Floats) -> Floats:
    """The same outside of a graph, row-wise."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)
