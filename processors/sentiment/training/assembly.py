"""The bundle's ONNX file from its parts: wide, deep, or both blended."""

from collections.abc import Mapping

from processors.sentiment.graphs.builder import Graph
from processors.sentiment.graphs.encoder import add_encoder
from processors.sentiment.graphs.heads import (
    add_linear,
    add_mixed,
    add_probabilities,
    add_weights,
)
from processors.sentiment.graphs.ngrams import add_ngrams
from processors.sentiment.labels import HEADS
from processors.sentiment.training.blend import Blend
from processors.sentiment.training.learnt import Learnt
from processors.sentiment.training.mixture import Mixture


def deep_model(learnt: Learnt) -> bytes:
    """The deep part alone, with both heads."""
    graph = Graph()
    vectors = add_encoder(graph, learnt.encoder)
    for head, linear in learnt.heads.items():
        add_probabilities(graph, add_linear(graph, vectors, linear), head)
    return graph.model("deep", _outputs(learnt.heads))


def blended_model(wide: Mixture, learnt: Learnt | None, blends: Mapping[str, Blend]) -> bytes:
    """Wide part, deep part where there is one, and the heads that `blends` has weights for (parts in this order)."""
    graph = Graph()
    columns = add_ngrams(graph, wide.ngrams())
    at = len(wide.gate.bias)
    kinds = graph.node("Softmax", graph.part(columns, 0, at), axis=1)
    vectors = add_encoder(graph, learnt.encoder) if learnt else ""
    for name, head in wide.heads.items():
        classes = len(head.experts[0].bias)
        experts = [
            graph.part(columns, at + expert * classes, at + (expert + 1) * classes)
            for expert in range(len(head.experts))
        ]
        at += len(experts) * classes
        parts = [add_mixed(graph, experts, add_weights(graph, kinds, head.shares))]
        if learnt:
            parts.append(add_linear(graph, vectors, learnt.heads[name]))
        mixed = add_mixed(graph, parts, add_weights(graph, kinds, blends[name].weights))
        add_probabilities(graph, mixed, name)
    return graph.model("blended" if learnt else "wide", _outputs(wide.heads))


def _outputs(heads: Mapping[str, object]) -> dict[str, int]:
    return {name: len(HEADS[name]) for name in heads}
