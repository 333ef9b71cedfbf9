"""Makes a bundle of a model in safetensors, without torch, and keeps it: the same files are converted once."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from huggingface_hub import constants
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from processors.sentiment.bundle import AS_IT_IS, MANIFEST, MODEL, TOKENIZER, version_of
from processors.sentiment.graphs.builder import Floats, Graph
from processors.sentiment.graphs.encoder import add_encoder
from processors.sentiment.graphs.heads import add_linear, add_probabilities
from processors.sentiment.hub.families import Classifier, classifier
from processors.sentiment.hub.fetching import fetched
from processors.sentiment.labels import HEADS
from schemas.errors import Fatal

VERSION = 1
"""Counts up when the same files would be converted otherwise."""

_NUMBERS = {"F32", "F16"}


def converted(where: str | Path, cache: Path | None = None) -> Path:
    """The bundle folder of a model: of its folder, or of `owner/model` on the Hub.

    Kept below `cache`, by default in the folder of huggingface_hub's own (`HF_HOME`).

    Raises:
        Fatal: it cannot be had, or it is no classifier of sentiment that can be converted; says why.
    """
    source = Path(where) if Path(where).is_dir() else fetched(str(where))
    config = _config(str(where), source)
    files = sorted(source.glob("*.safetensors"))
    if not files:
        raise Fatal(f"model {where}: it has no weights in safetensors")
    kept = (cache or Path(constants.HF_HOME) / "denyut") / _digest([source / "config.json", *files])
    if (kept / MANIFEST).is_file():
        return kept
    labels = _labels(str(where), config)
    found = classifier(str(where), config, _weights(str(where), files))
    model, tokenizer = _model(found, next(iter(labels))), _tokenizer(str(where), source)
    try:
        _keep(
            kept,
            _manifest(str(where), labels, len(found.encoder.positions), model, tokenizer),
            model,
            tokenizer,
        )
    except OSError as error:
        raise Fatal(f"model {where}: {kept} cannot be written: {error.strerror}") from error
    return kept


def _config(name: str, source: Path) -> dict[str, Any]:
    try:
        found = json.loads((source / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise Fatal(f"model {name}: config.json cannot be read: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("id2label"), dict):
        raise Fatal(f"model {name}: config.json names no labels (id2label): it is no classifier")
    return found


def _digest(files: Sequence[Path]) -> str:
    found = hashlib.sha256(str(VERSION).encode())
    for file in files:
        with file.open("rb") as content:
            found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()[:16]


def _labels(name: str, config: Mapping[str, Any]) -> dict[str, list[str]]:
    """The head whose labels the model's are, in the model's order."""
    numbered = sorted((int(number), str(label).lower()) for number, label in config["id2label"].items())
    said = [label for _, label in numbered]
    if sorted(said) != sorted(HEADS["sentiment"]):
        missing = sorted(set(HEADS["sentiment"]) - set(said))
        strange = sorted(set(said) - set(HEADS["sentiment"]))
        raise Fatal(
            f"model {name}: its labels are not those of sentiment: missing {missing}, unknown {strange}"
        )
    return {"sentiment": said}


def _weights(name: str, files: Sequence[Path]) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for file in files:
        try:
            with safe_open(file, framework="numpy") as opened:
                for key in opened.keys():  # noqa: SIM118 -- it is no mapping
                    kind = opened.get_slice(key).get_dtype()
                    if kind in _NUMBERS:
                        found[key] = np.asarray(opened.get_tensor(key), dtype=np.float32)
                    elif kind.startswith(("F", "BF")):
                        raise Fatal(f"model {name}: its weights are {kind}, not one of {sorted(_NUMBERS)}")
        except (OSError, SafetensorError) as error:
            raise Fatal(f"model {name}: {file.name} cannot be read: {error}") from error
    return found


def _model(found: Classifier, head: str) -> bytes:
    graph = Graph()
    vectors = add_encoder(graph, found.encoder)
    product, extra = graph.product(graph.rows(vectors), found.dense.weight)
    dense = graph.node("Add", product, graph.constant(found.dense.bias + extra))
    logits = add_linear(graph, graph.node(found.activation, dense), found.classes)
    add_probabilities(graph, logits, head)
    return graph.model("converted", {head: len(found.classes.bias)})


def _tokenizer(name: str, source: Path) -> str:
    if (source / TOKENIZER).is_file():
        return str(Tokenizer.from_file(str(source / TOKENIZER)).to_str())
    from transformers import AutoTokenizer  # noqa: PLC0415 -- seconds to import, and seldom needed

    try:
        return str(AutoTokenizer.from_pretrained(source).backend_tokenizer.to_str())
    except (OSError, ValueError, AttributeError) as error:
        raise Fatal(f"model {name}: its tokenizer cannot be read: {error}") from error


def _manifest(
    name: str, labels: Mapping[str, Sequence[str]], max_length: int, model: bytes, tokenizer: str
) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "name": name.rstrip("/").split("/")[-1].split("@")[0],
        "model_version": "",
        "labels": labels,
        "max_length": max_length,
        "normaliser": AS_IT_IS,
        "sha256": {
            MODEL: hashlib.sha256(model).hexdigest(),
            TOKENIZER: hashlib.sha256(tokenizer.encode()).hexdigest(),
        },
        "converted_from": name,
        "converter": VERSION,
    }
    manifest["model_version"] = version_of(manifest)
    return manifest


def _keep(kept: Path, manifest: Mapping[str, Any], model: bytes, tokenizer: str) -> None:
    """The whole folder or nothing; of two that convert at once the second finds that it is there."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".making-") as folder:
        making = Path(folder) / "bundle"
        making.mkdir()
        (making / MODEL).write_bytes(model)
        (making / TOKENIZER).write_text(tokenizer, encoding="utf-8")
        (making / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        try:
            making.rename(kept)
        except OSError:
            if not (kept / MANIFEST).is_file():
                shutil.rmtree(kept, ignore_errors=True)
                raise
