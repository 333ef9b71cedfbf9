"""Two encoders in one graph: a text goes through that of its language only, and what both said comes back in the texts' order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from processors.sentiment.graphs.builder import ENGLISH, ENGLISH_IDS, ENGLISH_MASK, IDS, MASK, Graph

_SURE = 0.8
"""A text of either language, or of both, is read by the encoder that knows both."""


@dataclass(frozen=True, slots=True)
class Share:
    """The texts of a batch that one encoder reads: which they are (texts), their ids and mask (texts, length)."""

    texts: str
    ids: str
    mask: str


def add_split(graph: Graph, kinds: str, english: Sequence[int]) -> tuple[Share, Share]:
    """Texts that the own encoder reads, and those that the English one does: where kinds (batch, kinds) of English are as good as sure.

    The output `ENGLISH` (batch, 1) says it: 1 or 0. Either share may be empty; an encoder of no text is as good as none.
    """
    probable = graph.chain([graph.part(kinds, kind, kind + 1) for kind in english])
    said = graph.node("Greater", probable, graph.number(_SURE))
    graph.node("Cast", said, to=1, name=ENGLISH)
    chosen = graph.node("Squeeze", said, graph.ints(1))
    return (
        _share(graph, graph.node("Not", chosen), IDS, MASK),
        _share(graph, chosen, ENGLISH_IDS, ENGLISH_MASK),
    )


def add_joined(graph: Graph, shares: Sequence[Share], parts: Sequence[str], columns: int) -> str:
    """(batch, columns) of what was said (texts, columns) of each share."""
    batch = graph.node("Shape", IDS, start=0, end=1)
    whole = graph.node("Concat", batch, graph.ints(columns), axis=0)
    empty = graph.node("Expand", graph.constant(np.zeros((1, 1), dtype=np.float32)), whole)
    texts = graph.node("Concat", *(one.texts for one in shares), axis=0)
    said = graph.node("Concat", *parts, axis=0)
    return graph.node("ScatterND", empty, graph.node("Unsqueeze", texts, graph.ints(1)), said)


def _share(graph: Graph, chosen: str, ids: str, mask: str) -> Share:
    texts = graph.node("Squeeze", graph.node("NonZero", chosen), graph.ints(0))
    return Share(texts, graph.node("Gather", ids, texts), graph.node("Gather", mask, texts))
