"""Token n-grams inside the ONNX graph: which of them a text holds, and the sum of their weights.

Weights are whole numbers of eight bits, summed before anything is scaled. Such sums are exact in any order, and what
follows is done element by element, so a text scores the same to the last bit whatever it is batched and padded with.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from processors.sentiment.graphs.builder import IDS, MASK, Floats, Graph

Ints = NDArray[np.int64]

HASH_MULTIPLIER = 2_654_435_761
HASH_MODULUS = 4_294_967_311
NORM_STEPS = 2.0
MAX_NORM = 255

_STEPS = 127
_FAR = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Ngrams:
    """Known n-grams and their weights. Row 0 is nothing, row 1 + token is the token alone, then the pairs.

    Attributes:
        tokens: size of the tokenizer's vocabulary.
        slots: key of the pair that owns each slot, -1 where none does.
        rows: row of that pair.
        gaps: distances between the two tokens of a pair that are looked at.
        norms: squared length of each row in steps of 1/NORM_STEPS, whole, 0 to MAX_NORM.
        table: (rows, columns) weights.
        bias: (columns).
    """

    tokens: int
    slots: Ints
    rows: Ints
    gaps: Sequence[int]
    norms: Floats
    table: Floats
    bias: Floats


def pair_keys(ids: Ints, gap: int, tokens: int) -> Ints:
    """A number for each pair of tokens `gap` apart, different for every pair and gap."""
    if len(ids) <= gap:
        return np.empty(0, dtype=np.int64)
    return ids[:-gap] * tokens + ids[gap:] + (gap - 1) * tokens * tokens


def slot_of(keys: Ints, slots: int) -> Ints:
    """The slot of a key. Keys stay below 2**31, so the product cannot overflow 64 bits."""
    return keys * HASH_MULTIPLIER % HASH_MODULUS % slots


def add_ngrams(graph: Graph, ngrams: Ngrams) -> str:
    """Add the look-up to a graph; the result is (batch, columns): weights over the text's length, plus bias."""
    rows = _rows(graph, ngrams)
    step = np.maximum(np.abs(ngrams.table).max(axis=0), np.float32(1e-6)) / np.float32(_STEPS)
    whole = np.rint(ngrams.table / step).astype(np.int8)
    summed = graph.whole_sum(_numbers(graph, whole, rows), 1)
    squares = graph.whole_sum(_numbers(graph, ngrams.norms.astype(np.uint8)[:, None], rows), 1)
    length = graph.node("Sqrt", graph.node("Div", squares, graph.number(NORM_STEPS)))
    scaled = graph.node("Div", summed, graph.node("Max", length, graph.number(1.0)))
    weighted = graph.node("Mul", scaled, graph.constant(step.astype(np.float32)))
    return graph.node("Add", weighted, graph.constant(ngrams.bias))


def _rows(graph: Graph, ngrams: Ngrams) -> str:
    """Rows of all n-grams, (batch, n-grams); row 0 for padding and what is unknown. The arithmetic of `pair_keys`."""
    found = [graph.node("Mul", graph.node("Add", IDS, graph.ints(1)), MASK)]
    keys_at, rows_at = graph.constant(ngrams.slots), graph.constant(ngrams.rows.astype(np.int32))
    for gap in ngrams.gaps:
        firsts, seconds = graph.part(IDS, 0, -gap), graph.part(IDS, gap, _FAR)
        both = graph.node("Mul", graph.part(MASK, 0, -gap), graph.part(MASK, gap, _FAR))
        keys = graph.node("Add", graph.node("Mul", firsts, graph.ints(ngrams.tokens)), seconds)
        keys = graph.node("Add", keys, graph.ints((gap - 1) * ngrams.tokens**2))
        hashed = graph.node(
            "Mod", graph.node("Mul", keys, graph.ints(HASH_MULTIPLIER)), graph.ints(HASH_MODULUS)
        )
        slots = graph.node("Mod", hashed, graph.ints(len(ngrams.slots)))
        owned = graph.node("Equal", graph.node("Gather", keys_at, slots), keys)
        rows = graph.node("Cast", graph.node("Gather", rows_at, slots), to=7)  # int64
        found.append(graph.node("Mul", graph.node("Where", owned, rows, graph.ints(0)), both))
    return graph.node("Concat", *found, axis=1)


def _numbers(graph: Graph, table: NDArray[np.generic], rows: str) -> str:
    return graph.node("Cast", graph.node("Gather", graph.constant(table), rows), to=1)  # float
