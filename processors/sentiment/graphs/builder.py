"""Builds an ONNX graph node by node; knows the two sums that the graphs of this package are made of."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]

OPSET = 20
IDS, MASK = "input_ids", "attention_mask"
ENGLISH_IDS, ENGLISH_MASK = "english_ids", "english_mask"
ENGLISH = "english"
"""The output that says which encoder read a text, where there are two."""

_MICROSOFT = "com.microsoft"
_STEPS = 127
_WEIGHT_STEPS = 63
"""Half of what eight bits hold: processors without VNNI add products of a byte and a weight in pairs of 16 bits, which twice
255 times 63 just fits; with larger weights they would cut sums off without a word."""
_MIDDLE = 128
_SMALLEST = 1e-9


class Graph:
    """Nodes and constants as they are added; every method returns the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[bytes, str] = {}
        self._tensors: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[np.generic]) -> str:
        """A constant; equal ones are stored once."""
        tensor = numpy_helper.from_array(np.asarray(value, order="C"))
        name = self._constants.setdefault(tensor.SerializeToString(), f"c{len(self._constants)}")
        if len(self._constants) > len(self._tensors):
            tensor.name = name
            self._tensors.append(tensor)
        return name

    def ints(self, *values: int) -> str:
        """A vector of int64."""
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        """A single float32."""
        return self.constant(np.array(value, dtype=np.float32))

    def node(self, kind: str, *inputs: str, name: str = "", domain: str = "", **attributes: Any) -> str:
        """One operation with one result; an input that is left out is an empty name."""
        name = name or f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], domain=domain, **attributes))
        return name

    def ours(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """An operation that onnxruntime adds to the standard."""
        return self.node(kind, *inputs, domain=_MICROSOFT, **attributes)

    def part(self, value: str, start: int, end: int) -> str:
        """`value[:, start:end]`."""
        return self.node("Slice", value, self.ints(start), self.ints(end), self.ints(1))

    def chain(self, values: Sequence[str]) -> str:
        """Their sum, added in this order: ReduceSum picks its order by shape, so a batch of one would differ."""
        return reduce(lambda left, right: self.node("Add", left, right), values)

    def whole_sum(self, value: str, axis: int) -> str:
        """The sum along an axis of whole numbers below 2**24 in floats: exact in whatever order."""
        return self.node("ReduceSum", value, self.ints(axis), keepdims=0)

    def rows(self, value: str, lowest: float | None = None) -> "Rows":
        """Each row of (rows, columns) floats in whole steps of its own, 0 to 255.

        Where no value is below `lowest`, steps are counted from there, twice as fine as from the middle.
        """
        if lowest is None:
            widest = self.node("ReduceMax", self.node("Abs", value), self.ints(1), keepdims=0)
            step = self._step(widest, _STEPS)
            zero = self.constant(np.array(_MIDDLE, dtype=np.uint8))
        else:
            value = self.node("Sub", value, self.number(lowest))
            widest = self.node("ReduceMax", value, self.ints(1), keepdims=0)
            step = self._step(widest, 2 * _STEPS + 1)
            zero = self.constant(np.array(0, dtype=np.uint8))
        zeros = self.node("Expand", zero, self.node("Shape", step))
        steps = self.node("QuantizeLinear", value, step, zeros, axis=0)
        return Rows(steps, self.node("Unsqueeze", step, self.ints(1)), zero, lowest or 0.0)

    def product(self, rows: "Rows", weight: Floats) -> tuple[str, Floats]:
        """`rows @ weight` but for a constant (columns), which is returned beside it to be added to the bias.

        Weights are whole steps of their column, and the sum is one of whole numbers: the same in whatever batch.
        """
        step = np.maximum(np.abs(weight).max(axis=0), np.float32(_SMALLEST)) / np.float32(_WEIGHT_STEPS)
        whole = np.rint(weight / step).astype(np.int8)
        summed = self.ours(
            "MatMulIntegerToFloat",
            rows.steps,
            self.constant(whole),
            self.number(1.0),
            self.constant(step.astype(np.float32)),
            rows.zero,
        )
        constant = (whole.astype(np.float32) * step).sum(axis=0) * np.float32(rows.lowest)
        return self.node("Mul", summed, rows.step), constant.astype(np.float32)

    def model(self, name: str, outputs: Mapping[str, int], *, english: bool = False) -> bytes:
        """The file: inputs `input_ids` and `attention_mask` (batch, length) int64, outputs (batch, classes) float32.

        Where it has an English encoder, `english_ids` and `english_mask` (batch, another length) are inputs, too.
        """
        inputs = {IDS: "length", MASK: "length"}
        if english:
            inputs |= {ENGLISH_IDS: "english_length", ENGLISH_MASK: "english_length"}
        built = helper.make_model(
            helper.make_graph(
                self._nodes,
                name,
                [
                    helper.make_tensor_value_info(one, TensorProto.INT64, ["batch", length])
                    for one, length in inputs.items()
                ],
                [
                    helper.make_tensor_value_info(one, TensorProto.FLOAT, ["batch", classes])
                    for one, classes in outputs.items()
                ],
                self._tensors,
            ),
            opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(_MICROSOFT, 1)],
            ir_version=10,
            producer_name="denyut",
        )
        return bytes(built.SerializeToString(deterministic=True))

    def _step(self, widest: str, steps: int) -> str:
        return self.node("Div", self.node("Max", widest, self.number(_SMALLEST)), self.number(float(steps)))


class Rows:
    """Rows in whole steps: names of the steps (rows, columns), of a step's size (rows, 1), and of its zero point."""

    def __init__(self, steps: str, step: str, zero: str, lowest: float) -> None:
        self.steps = steps
        self.step = step
        self.zero = zero
        self.lowest = lowest
