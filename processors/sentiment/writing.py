"""Writes a trained bundle folder: model, tokenizer, licence, measured scores, card."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from processors.sentiment.bundle import MANIFEST, MODEL, TOKENIZER, version_of
from processors.sentiment.card import card
from processors.sentiment.data import SETS
from processors.sentiment.evaluate import Report, evaluate
from processors.sentiment.export import onnx_model
from processors.sentiment.features import Vocabulary
from processors.sentiment.labels import EMOTIONS, SENTIMENTS
from processors.sentiment.mixture import Mixture
from processors.sentiment.model import SentimentModel
from processors.sentiment.normalise import VERSION as NORMALISER
from schemas.errors import Fatal

if TYPE_CHECKING:
    from processors.sentiment.train import Recipe

NAME = "small"
LICENCE = "CC BY-NC-SA 4.0"
"""The strictest of the training sets' licences, EmoT's; the others allow a work under it."""


@dataclass(frozen=True, slots=True)
class Training:
    """What a training run made, and how."""

    mixture: Mixture
    vocabulary: Vocabulary
    tokenizer: Tokenizer
    max_length: int
    recipe: "Recipe"
    texts: int
    seconds: float


def write(out: Path, training: Training, data: Path, say: Callable[[str], None]) -> None:
    """Write the folder `out`, judging what was written, as it will be loaded, on the valid splits under `data`.

    The scores stand in `bundle.json` and the card; they are no part of the version.

    Raises:
        Fatal: `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        model = onnx_model(training.mixture, training.vocabulary).SerializeToString(deterministic=True)
        _replace(out / MODEL, model)
        _replace(out / TOKENIZER, training.tokenizer.to_str().encode())
        _replace(out / "LICENSE", _LICENCE_TEXT.encode())
        manifest = _manifest(out, training)
        _replace(out / MANIFEST, _json(manifest))
        reports = {
            one.name: evaluate(SentimentModel(out), data / one.path, one.task, "valid") for one in SETS
        }
        manifest["scores"] = {name: _scores(report) for name, report in reports.items()}
        _replace(out / MANIFEST, _json(manifest))
        _replace(out / "CARD.md", card(manifest, reports, training).encode())
    except OSError as error:
        raise Fatal(f"{out} cannot be written: {error.strerror}") from error
    for name, scores in manifest["scores"].items():
        say(
            f"{name}, valid split: macro-F1 {scores['macro_f1']}, calibration error {scores['calibration_error']}"
        )
    say(
        f"{out}: {manifest['model_version']}, {sum(one.stat().st_size for one in out.iterdir()) / 1e6:.1f} MB"
    )


def _manifest(out: Path, training: Training) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "name": NAME,
        "model_version": "",
        "labels": {"sentiment": SENTIMENTS, "emotion": EMOTIONS},
        "max_length": training.max_length,
        "normaliser": NORMALISER,
        "sha256": {
            name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in (MODEL, TOKENIZER)
        },
        "licence": LICENCE,
        "training_data": [
            {"name": one.name, "task": one.task, "split": "train", "licence": one.licence} for one in SETS
        ],
        "recipe": asdict(training.recipe),
    }
    manifest["model_version"] = version_of(manifest)
    return manifest


def _scores(report: Report) -> dict[str, Any]:
    if report.overall is None:
        return {"split": "valid", "texts": 0}
    return {
        "split": "valid",
        "texts": report.overall.texts,
        "macro_f1": round(100 * report.overall.macro_f1, 1),
        "accuracy": round(100 * report.overall.accuracy, 1),
        "calibration_error": round(report.overall.calibration_error, 3),
        "languages": {name: round(100 * one.macro_f1, 1) for name, one in report.languages.items()},
        "left_out": report.left_out,
    }


def _json(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, so that an interrupted run leaves no half file behind."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)


_LICENCE_TEXT = f"""The files of this folder (model weights, tokenizer, card) are licensed under

    Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0)
    https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode

and not under the licence of the program around them. They were trained on these data sets:

{chr(10).join(f"    {one.name:<12}{one.licence}" for one in SETS)}

The original licence of EmoT forbids commercial use, and SmSA and NusaX ask that what is made from them be shared alike.
Whether weights are a work derived from training texts is not settled law; this licence takes the careful answer.
Who needs weights for commercial use trains a bundle without EmoT, or on data of their own.

No text of the data sets is part of this folder; the tokenizer holds single words and parts of words that are frequent in them.

The files are provided as they are, without warranty of any kind.
"""
