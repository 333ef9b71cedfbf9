"""The bundle's ONNX file from its parts: wide, deep, or both blended."""

from collections.abc import Mapping
from dataclasses import dataclass

from processors.sentiment.graphs.builder import ENGLISH, Graph
from processors.sentiment.graphs.encoder import add_encoder
from processors.sentiment.graphs.heads import (
    add_linear,
    add_mixed,
    add_probabilities,
    add_weights,
)
from processors.sentiment.graphs.ngrams import add_ngrams
from processors.sentiment.graphs.routing import add_joined, add_split
from processors.sentiment.labels import HEADS
from processors.sentiment.training.blend import Blend
from processors.sentiment.training.data import KINDS
from processors.sentiment.training.learnt import Learnt
from processors.sentiment.training.mixture import Mixture

_ENGLISH_KINDS = tuple(at for at, kind in enumerate(KINDS) if kind.endswith("-en"))


@dataclass(frozen=True, slots=True)
class Deep:
    """The deep part: an encoder for every text, or, where there is an English one, for all but English texts."""

    own: Learnt
    english: Learnt | None = None


def deep_model(deep: Deep, wide: Mixture | None = None) -> bytes:
    """The deep part alone, with both heads. Raises ValueError where it has two encoders and there is no wide part, whose gate says which one reads a text."""
    if deep.english and not wide:
        raise ValueError("which of two encoders reads a text is said by the wide part's gate")
    graph = Graph()
    kinds = _kinds(graph, add_ngrams(graph, wide.ngrams()), wide) if wide else ""
    for head, logits in _deep(graph, deep, kinds).items():
        add_probabilities(graph, logits, head)
    return graph.model("deep", _outputs(deep.own.heads, deep), english=deep.english is not None)


def blended_model(wide: Mixture, deep: Deep | None, blends: Mapping[str, Blend]) -> bytes:
    """Wide part, deep part where there is one, and the heads that `blends` has weights for (parts in this order)."""
    graph = Graph()
    columns = add_ngrams(graph, wide.ngrams())
    kinds = _kinds(graph, columns, wide)
    read = _deep(graph, deep, kinds) if deep else {}
    at = len(wide.gate.bias)
    for name, head in wide.heads.items():
        classes = len(head.experts[0].bias)
        experts = [
            graph.part(columns, at + expert * classes, at + (expert + 1) * classes)
            for expert in range(len(head.experts))
        ]
        at += len(experts) * classes
        parts = [add_mixed(graph, experts, add_weights(graph, kinds, head.shares))]
        if deep:
            parts.append(read[name])
        mixed = add_mixed(graph, parts, add_weights(graph, kinds, blends[name].weights))
        add_probabilities(graph, mixed, name)
    return graph.model(
        "blended" if deep else "wide",
        _outputs(wide.heads, deep),
        english=deep is not None and deep.english is not None,
    )


def _kinds(graph: Graph, columns: str, wide: Mixture) -> str:
    return graph.node("Softmax", graph.part(columns, 0, len(wide.gate.bias)), axis=1)


def _deep(graph: Graph, deep: Deep, kinds: str) -> dict[str, str]:
    """Logits (batch, classes) of each head."""
    if deep.english is None:
        return _logits(graph, deep.own, add_encoder(graph, deep.own.encoder))
    shares = add_split(graph, kinds, _ENGLISH_KINDS)
    said = [
        _logits(graph, learnt, add_encoder(graph, learnt.encoder, share.ids, share.mask))
        for learnt, share in zip((deep.own, deep.english), shares, strict=True)
    ]
    return {
        head: add_joined(graph, shares, [one[head] for one in said], len(labels))
        for head, labels in HEADS.items()
    }


def _logits(graph: Graph, learnt: Learnt, vectors: str) -> dict[str, str]:
    return {head: add_linear(graph, vectors, linear) for head, linear in learnt.heads.items()}


def _outputs(heads: Mapping[str, object], deep: Deep | None) -> dict[str, int]:
    outputs = {name: len(HEADS[name]) for name in heads}
    return outputs | {ENGLISH: 1} if deep and deep.english else outputs
