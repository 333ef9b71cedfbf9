"""What training learnt: the folder of `learnt.npz`, `config.json` and `tokenizer.json`, read and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.encoder import Encoder, Layer, Linear, Norm
from processors.sentiment.labels import HEADS
from schemas.errors import Fatal

ENGLISH_FOLDER = "english"
"""In a training's folder that of its English encoder."""
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Learnt:
    """An encoder with its heads, and the tokenizer it was trained with."""

    encoder: Encoder
    heads: dict[str, Linear]
    tokenizer: str
    max_length: int
    config: Mapping[str, Any]


def read_learnt(folder: Path) -> Learnt:
    """Read a training's folder.

    Raises:
        Fatal: a file or an array is missing or has another shape than the configuration says.
    """
    config, tokenizer, arrays = arrays_of(folder)
    try:
        return learnt_from(arrays, config, tokenizer)
    except (KeyError, ValueError) as error:
        raise Fatal(f"{folder} is not what training writes: {error}") from error


def arrays_of(folder: Path) -> tuple[dict[str, Any], str, dict[str, Floats]]:
    """Configuration, tokenizer and arrays of a training's folder, as they are; raises Fatal where they cannot be read."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tokenizer = (folder / "tokenizer.json").read_text(encoding="utf-8")
        with np.load(folder / "learnt.npz", allow_pickle=False) as file:
            return config, tokenizer, {name: np.asarray(file[name], dtype=np.float32) for name in file.files}
    except OSError as error:
        raise Fatal(f"{error.filename} cannot be read: {error.strerror}; train first") from error
    except ValueError as error:
        raise Fatal(f"{folder} is not what training writes: {error}") from error


def learnt_from(arrays: Mapping[str, Floats], config: Mapping[str, Any], tokenizer: str) -> Learnt:
    """The same from arrays in memory; raises KeyError or ValueError for one that is missing or does not fit."""
    hidden, wide = config["hidden"], config["intermediate"]
    vocabulary, longest = config["vocabulary"], config["max_length"]

    def array(name: str, *shape: int) -> Floats:
        found = arrays[name]
        if found.shape != shape:
            raise ValueError(f"{name} has shape {found.shape}, not {shape}")
        return found

    def linear(name: str, inputs: int, outputs: int) -> Linear:
        return Linear(array(f"{name}.weight", inputs, outputs), array(f"{name}.bias", outputs))

    def norm(name: str) -> Norm:
        return Norm(array(f"{name}.weight", hidden), array(f"{name}.bias", hidden))

    def layer(at: int) -> Layer:
        name = f"layer.{at}"
        return Layer(
            query=linear(f"{name}.attention.query", hidden, hidden),
            key=linear(f"{name}.attention.key", hidden, hidden),
            value=linear(f"{name}.attention.value", hidden, hidden),
            output=linear(f"{name}.attention.output", hidden, hidden),
            attention_norm=norm(f"{name}.attention.norm"),
            up=linear(f"{name}.up", hidden, wide),
            down=linear(f"{name}.down", wide, hidden),
            norm=norm(f"{name}.norm"),
        )

    positions = arrays["embeddings.position"]
    if positions.ndim != 2 or positions.shape[1] != hidden or len(positions) < longest:  # noqa: PLR2004 -- a matrix
        raise ValueError(
            f"embeddings.position has shape {positions.shape}, not (at least {longest}, {hidden})"
        )
    encoder = Encoder(
        words=array("embeddings.word", vocabulary, hidden),
        positions=positions[:longest],
        norm=norm("embeddings.norm"),
        layers=[layer(at) for at in range(config["layers"])],
        heads=config["heads"],
        epsilon=_EPSILON,
        pooling="mean",
    )
    heads = {head: linear(head, hidden, len(labels)) for head, labels in HEADS.items()}
    return Learnt(encoder, heads, tokenizer, longest, config)
