"""Writes the small model as an ONNX graph that finds its n-grams itself: token ids in, probabilities out.

Weights are whole numbers of eight bits, summed before anything is scaled. Such sums are exact in any order, and what
follows is done element by element, so a text scores the same to the last bit whatever it is batched and padded with.
"""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from processors.sentiment.features import HASH_MODULUS, HASH_MULTIPLIER, NORM_STEPS, Vocabulary
from processors.sentiment.linear import Floats
from processors.sentiment.mixture import Head, Mixture

OPSET = 18
_STEPS = 127


class _Graph:
    """Nodes and constants as they are added; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        return self.constant(np.array(value, dtype=np.float32))

    def node(self, kind: str, *inputs: str, name: str = "", **attributes: int) -> str:
        name = name or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def part(self, value: str, start: int, end: int) -> str:
        """`value[:, start:end]`."""
        return self.node("Slice", value, self.ints(start), self.ints(end), self.ints(1))

    def chain(self, values: Sequence[str]) -> str:
        """Their sum, added in this order. ReduceSum picks its order by shape, so a batch of one would differ."""
        return reduce(lambda left, right: self.node("Add", left, right), values)

    def sum(self, value: str, axis: int) -> str:
        return self.node("ReduceSum", value, self.ints(axis), keepdims=0)


def quantise(mixture: Mixture, vocabulary: Vocabulary) -> tuple[NDArray[np.int8], Floats]:
    """Table (rows, columns) of idf times weight in steps, and the size of a step per column."""
    table = np.concatenate([part.table for part in mixture.parts()], axis=1) * vocabulary.idf[:, None]
    steps = np.maximum(np.abs(table).max(axis=0), np.float32(1e-6)) / np.float32(_STEPS)
    return np.rint(table / steps).astype(np.int8), steps.astype(np.float32)


def onnx_model(mixture: Mixture, vocabulary: Vocabulary) -> onnx.ModelProto:
    """Inputs `input_ids` and `attention_mask` (batch, length) int64; outputs `sentiment`, `emotion` (batch, classes)."""
    graph = _Graph()
    rows = _rows(graph, vocabulary)
    table, steps = quantise(mixture, vocabulary)
    summed = graph.sum(_numbers(graph, table, rows), 1)
    squares = graph.sum(_numbers(graph, vocabulary.norms.astype(np.uint8)[:, None], rows), 1)
    length = graph.node("Sqrt", graph.node("Div", squares, graph.number(NORM_STEPS)))
    scaled = graph.node("Div", summed, graph.node("Max", length, graph.number(1.0)))
    bias = np.concatenate([part.bias for part in mixture.parts()])
    columns = graph.node("Add", graph.node("Mul", scaled, graph.constant(steps)), graph.constant(bias))
    kinds = len(mixture.gate.bias)
    gate = graph.node("Softmax", graph.part(columns, 0, kinds), axis=1)
    at = kinds
    for name, head in (("sentiment", mixture.sentiment), ("emotion", mixture.emotion)):
        at = _head(graph, columns, gate, head, at, name)
    dimensions = ["batch", "length"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "small",
            [
                helper.make_tensor_value_info(one, TensorProto.INT64, dimensions)
                for one in ("input_ids", "attention_mask")
            ],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(head.experts[0].bias)])
                for name, head in (("sentiment", mixture.sentiment), ("emotion", mixture.emotion))
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
        producer_name="denyut",
    )


def _rows(graph: _Graph, vocabulary: Vocabulary) -> str:
    """Rows of all n-grams, (batch, n-grams); row 0 for padding and what is unknown. The arithmetic of features.py."""
    ids, mask = "input_ids", "attention_mask"
    found = [graph.node("Mul", graph.node("Add", ids, graph.ints(1)), mask)]
    keys_at, rows_at = graph.constant(vocabulary.slots), graph.constant(vocabulary.rows.astype(np.int32))
    far = np.iinfo(np.int64).max
    for gap in vocabulary.gaps:
        firsts, seconds = graph.part(ids, 0, -gap), graph.part(ids, gap, far)
        both = graph.node("Mul", graph.part(mask, 0, -gap), graph.part(mask, gap, far))
        keys = graph.node("Add", graph.node("Mul", firsts, graph.ints(vocabulary.tokens)), seconds)
        keys = graph.node("Add", keys, graph.ints((gap - 1) * vocabulary.tokens**2))
        hashed = graph.node(
            "Mod", graph.node("Mul", keys, graph.ints(HASH_MULTIPLIER)), graph.ints(HASH_MODULUS)
        )
        slots = graph.node("Mod", hashed, graph.ints(len(vocabulary.slots)))
        owned = graph.node("Equal", graph.node("Gather", keys_at, slots), keys)
        rows = graph.node("Cast", graph.node("Gather", rows_at, slots), to=TensorProto.INT64)
        found.append(graph.node("Mul", graph.node("Where", owned, rows, graph.ints(0)), both))
    return graph.node("Concat", *found, axis=1)


def _numbers(graph: _Graph, table: NDArray[np.generic], rows: str) -> str:
    return graph.node("Cast", graph.node("Gather", graph.constant(table), rows), to=TensorProto.FLOAT)


def _head(graph: _Graph, columns: str, gate: str, head: Head, at: int, name: str) -> int:
    """Mixes the experts whose columns begin at `at`; returns where the next head's begin."""
    experts, classes = len(head.experts), len(head.experts[0].bias)
    end = at + experts * classes
    weights = graph.chain(
        [
            graph.node("Mul", graph.part(gate, kind, kind + 1), graph.constant(share[None]))
            for kind, share in enumerate(head.shares)
        ]
    )
    mixed = graph.chain(
        [
            graph.node(
                "Mul",
                graph.part(columns, at + expert * classes, at + (expert + 1) * classes),
                graph.part(weights, expert, expert + 1),
            )
            for expert in range(experts)
        ]
    )
    graph.node("Softmax", graph.node("Div", mixed, graph.number(head.temperature)), axis=1, name=name)
    return end
