"""Writes the files of a bundle folder: model, tokenizer, manifest, licence, card."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processors.sentiment.bundle import (
    ENGLISH_TOKENIZER,
    MANIFEST,
    MODEL,
    PACKED,
    TOKENIZER,
    packed,
    version_of,
)
from processors.sentiment.labels import HEADS
from processors.sentiment.normalise import VERSION as NORMALISER
from processors.sentiment.training.data import RECORDED, DataSet, licence_of, sets
from schemas.errors import Fatal

CARD = "CARD.md"


@dataclass(frozen=True, slots=True)
class Description:
    """What a bundle says of itself beside its scores: its name, and how the deep part was trained, and its English encoder, where it has one."""

    name: str
    deep: Mapping[str, Any]
    english: Mapping[str, Any] = field(default_factory=dict)

    @property
    def without(self) -> Sequence[str]:
        """The sets that it did not learn from."""
        left: Sequence[str] = self.deep.get("recipe", {}).get("without", ())
        return left

    @property
    def sets(self) -> Sequence[DataSet]:
        """Those that it did learn from."""
        return sets(self.without)

    @property
    def tutored(self) -> Sequence[DataSet]:
        """Texts that it learnt from with the labels of a tutor."""
        return (RECORDED,) if self.deep.get("recipe", {}).get("tutor") else ()


def write_bundle(
    out: Path,
    model: bytes,
    tokenizer: str,
    max_length: int,
    heads: Sequence[str],
    describe: Description,
    recipe: Mapping[str, Any],
    english_tokenizer: str | None = None,
) -> dict[str, Any]:
    """Write what a bundle needs to be loaded; returns its manifest, without scores.

    Raises:
        Fatal: `out` cannot be written.
    """
    files = {PACKED: packed(model), TOKENIZER: tokenizer.encode()}
    if english_tokenizer is not None:
        files[ENGLISH_TOKENIZER] = english_tokenizer.encode()
    manifest: dict[str, Any] = {
        "name": describe.name,
        "model_version": "",
        "labels": {head: HEADS[head] for head in heads},
        "max_length": max_length,
        "normaliser": NORMALISER,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        "licence": licence_of(describe.sets),
        "training_data": [
            {"name": one.name, "task": one.task, "split": "train", "licence": one.licence}
            for one in describe.sets
        ]
        + [
            {"name": one.name, "task": one.task, "split": "labelled by a tutor", "licence": one.licence}
            for one in describe.tutored
        ],
        "recipe": {**recipe, "deep": dict(describe.deep)}
        | ({"english": dict(describe.english)} if describe.english else {}),
    }
    manifest["model_version"] = version_of(manifest)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            replace(out / name, content)
        for name in {MODEL, ENGLISH_TOKENIZER} - set(files):  # of a bundle that lay there before
            (out / name).unlink(missing_ok=True)
        replace(out / "LICENSE", _licence(describe).encode())
        replace(out / MANIFEST, _json(manifest))
    except OSError as error:
        raise Fatal(f"{out} cannot be written: {error.strerror}") from error
    return manifest


def write_card(out: Path, measured: Mapping[str, Any], text: str) -> None:
    """Add what was measured to the manifest, and the card; neither is part of the version."""
    manifest = json.loads((out / MANIFEST).read_bytes())
    replace(out / MANIFEST, _json({**manifest, **measured}))
    replace(out / CARD, text.encode())


def replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, so that an interrupted run leaves no half file behind."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(path)


def _json(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode()


def _licence(describe: Description) -> str:
    licence = licence_of(describe.sets)
    names = "\n".join(f"    {one.name:<15}{one.licence}" for one in (*describe.sets, *describe.tutored))
    began = (
        "The encoder began as multilingual-e5-small, whose weights are under the MIT licence, as is the tokenizer that theirs was cut from.\n"
        if describe.deep
        else ""
    )
    if describe.english:
        began += "So are the weights and the tokenizer of e5-small-v2, as which the English encoder began.\n"
    began += "\n" if began else ""
    return f"""The files of this folder (model weights, tokenizer, card) are licensed under

    {_TERMS[licence]}

and not under the licence of the program around them. They were trained on these data sets:

{names}

{_asked(describe.sets)}{_MEANING[licence]}
{began}No text of the data sets is part of this folder; the tokenizer holds words and parts of words.

The files are provided as they are, without warranty of any kind.
"""


def _asked(learnt_from: Sequence[DataSet]) -> str:
    """What the licences of these sets ask for, and what nobody has settled."""
    asked = [
        f"The original licence of {one.name} forbids commercial use."
        for one in learnt_from
        if "NC" in one.licence
    ]
    alike = [one.name for one in learnt_from if "SA 4.0" in one.licence]
    if not alike:
        return ""
    asked.append(f"What is made from {', '.join(alike)} is to be shared alike.")
    asked.append(
        "Whether weights are a work derived from training texts is not settled law; this licence takes the careful answer."
    )
    return "\n".join(asked) + "\n"


_TERMS = {
    "CC BY-NC-SA 4.0": """Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0)
    https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode""",
    "CC BY-SA 4.0": """Creative Commons Attribution-ShareAlike 4.0 International (CC BY-SA 4.0)
    https://creativecommons.org/licenses/by-sa/4.0/legalcode""",
    "MIT": """The MIT License
    https://opensource.org/license/mit""",
}
_MEANING = {
    "CC BY-NC-SA 4.0": """For users it means: research, teaching and private use are free, with attribution and under the same licence; who earns money
with scores of this bundle should not use it, but train one without emot, whose emotion head is left out.
""",
    "CC BY-SA 4.0": """For users it means: any use is free, with attribution; who hands on a bundle made from this one does so under the same licence.
""",
    "MIT": "For users it means: any use is free, with this notice.\n",
}
