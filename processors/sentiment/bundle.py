"""Loads a model bundle: a folder of `bundle.json`, `model.onnx`, `tokenizer.json`, each checked before it is used.

The model may be packed, as `model.onnx.gz`. A bundle has a sentiment head; an emotion head it may lack. Where it has an English encoder beside the other, that one's `tokenizer.english.json`
lies there, too.
"""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from processors.sentiment.labels import HEADS, Emotion, Sentiment
from processors.sentiment.normalise import VERSION as NORMALISER
from schemas.errors import Fatal

DEFAULT = Path(__file__).parent / "bundle"
MANIFEST = "bundle.json"
MODEL = "model.onnx"
PACKED = "model.onnx.gz"
"""In place of it."""
TOKENIZER = "tokenizer.json"
ENGLISH_TOKENIZER = "tokenizer.english.json"
AS_IT_IS = 0
"""In place of a normaliser's version: texts are read as they are."""
LONGEST = 4_096
"""No bundle may ask for more tokens than this: memory of a batch is bounded by it."""

_GZIP = 31
"""What zlib calls gzip's form."""
_LARGEST = 2**31 - 1
"""Bytes of an ONNX file, by the format it is written in; what unpacks to more is none."""
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(?:@[\w./-]+)?")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was checked. `sentiments` and `emotions` are in the order of the model's outputs.

    Attributes:
        folder: where it came from.
        name: what its maker calls it.
        model_version: name and content in one string; two bundles that could score differently differ in it.
        max_length: tokens the model reads of one text.
        emotions: empty where the bundle has no emotion head.
        normalised: whether texts are normalised before they are read; models of others want them as they are.
        weaknesses: where its scores are known to be often wrong, in sentences for people.
        model: the ONNX file, unpacked.
        tokenizer: the tokenizer's JSON.
        english_tokenizer: that of the English encoder; None where the bundle has none.
        manifest: all that `bundle.json` says.
    """

    folder: Path
    name: str
    model_version: str
    max_length: int
    sentiments: tuple[Sentiment, ...]
    emotions: tuple[Emotion, ...]
    normalised: bool
    weaknesses: tuple[str, ...]
    model: bytes
    tokenizer: str
    english_tokenizer: str | None
    manifest: Mapping[str, Any]


def load(where: str | Path | None = None, *, to_learn_on: bool = False) -> Bundle:
    """The bundle in a folder, of a model on the Hub or in a folder as it keeps them, or the one in this package.

    Args:
        where: see there.
        to_learn_on: it is not to score, but to be trained further: it may know an older normaliser.

    Raises:
        Fatal: the folder or a file of it is missing, was changed, or does not fit this program; says which and how.
    """
    folder = _folder(where)
    manifest = _manifest(folder, to_learn_on=to_learn_on)
    _check_labels(folder, manifest)
    sums = manifest["sha256"]
    if not {MODEL, PACKED} & set(sums):
        raise _unfit(folder, f"{MANIFEST} has no sha256 of {MODEL} or {PACKED}")
    model = _unpacked(folder, _file(folder, PACKED, sums)) if PACKED in sums else _file(folder, MODEL, sums)
    tokenizer = _text(folder, TOKENIZER, sums)
    english = _text(folder, ENGLISH_TOKENIZER, sums) if ENGLISH_TOKENIZER in sums else None
    stated, actual = manifest["model_version"], version_of(manifest)
    if stated != actual:
        raise _unfit(folder, f"model_version is {stated!r}, but its content makes it {actual!r}")
    return Bundle(
        folder=folder,
        name=manifest["name"],
        model_version=actual,
        max_length=manifest["max_length"],
        sentiments=cast("tuple[Sentiment, ...]", tuple(manifest["labels"]["sentiment"])),
        emotions=cast("tuple[Emotion, ...]", tuple(manifest["labels"].get("emotion", ()))),
        normalised=manifest["normaliser"] != AS_IT_IS,
        weaknesses=tuple(manifest.get("weaknesses", ())),
        model=model,
        tokenizer=tokenizer,
        english_tokenizer=english,
        manifest=manifest,
    )


def version_of(manifest: Mapping[str, Any]) -> str:
    """The version that follows from all that decides a score: files, labels, length and normaliser."""
    parts = [manifest[key] for key in ("sha256", "labels", "max_length", "normaliser")]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return f"{manifest['name']}-{digest[:12]}"


def _folder(where: str | Path | None) -> Path:
    if not where:
        return DEFAULT
    folder = Path(where)
    if (folder / MANIFEST).is_file() or (folder.is_dir() and not (folder / "config.json").is_file()):
        return folder
    if not folder.is_dir() and (folder.exists() or not _HUB_ID.fullmatch(str(where))):
        raise Fatal(f"sentiment bundle: there is no folder {str(where)!r}; name one that holds {MANIFEST}")
    try:
        from processors.sentiment.hub import converted  # noqa: PLC0415 -- needs an extra that bundles do not
    except ModuleNotFoundError as error:
        raise Fatal(
            f"sentiment bundle {str(where)!r}: making one of a model needs {error.name}; install the extra `denyut[hub]`"
        ) from error
    return converted(where)


def _manifest(folder: Path, *, to_learn_on: bool) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise Fatal(f"sentiment bundle {folder}: {MANIFEST} is missing") from error
    except (OSError, ValueError) as error:
        raise _unfit(folder, f"{MANIFEST} cannot be read: {error}") from error
    if not isinstance(manifest, dict):
        raise _unfit(folder, f"{MANIFEST} is not an object")
    kinds = {
        "name": str,
        "model_version": str,
        "max_length": int,
        "labels": dict,
        "sha256": dict,
        "normaliser": int,
    }
    for key, kind in kinds.items():
        if not isinstance(manifest.get(key), kind):
            raise _unfit(folder, f"{MANIFEST} lacks {key!r}, or it is not of type {kind.__name__}")
    older = AS_IT_IS < manifest["normaliser"] < NORMALISER
    if manifest["normaliser"] not in {NORMALISER, AS_IT_IS} and not (to_learn_on and older):
        raise _unfit(
            folder,
            f"it was trained on texts normalised in version {manifest['normaliser']}, this is {NORMALISER}",
        )
    weaknesses = manifest.get("weaknesses", [])
    if not isinstance(weaknesses, list) or not all(isinstance(one, str) for one in weaknesses):
        raise _unfit(folder, f"weaknesses in {MANIFEST} are not a list of sentences")
    if not 1 <= manifest["max_length"] <= LONGEST:
        raise _unfit(folder, f"max_length {manifest['max_length']} is not within 1 to {LONGEST}")
    return manifest


def _check_labels(folder: Path, manifest: Mapping[str, Any]) -> None:
    if strange := sorted(set(manifest["labels"]) - set(HEADS)):
        raise _unfit(folder, f"it has heads that this program does not know: {strange}")
    for head, wanted in HEADS.items():
        found = manifest["labels"].get(head)
        if head == "emotion" and found is None:
            continue
        if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
            raise _unfit(folder, f"labels of the {head} head are missing")
        missing, strange = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        if missing or strange or len(found) != len(wanted):
            raise _unfit(
                folder, f"labels of the {head} head do not fit: missing {missing}, unknown {strange}"
            )


def _file(folder: Path, name: str, sums: Mapping[str, Any]) -> bytes:
    if name not in sums:
        raise _unfit(folder, f"{MANIFEST} has no sha256 of {name}")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise Fatal(f"sentiment bundle {folder}: {name} cannot be read: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != sums[name]:
        raise _unfit(folder, f"{name} was changed or cut: its sha256 is {digest}, not {sums[name]}")
    return content


def packed(model: bytes) -> bytes:
    """A model as a bundle may keep it. The same model gives the same bytes with the same zlib."""
    return gzip.compress(model, compresslevel=6, mtime=0)


def _unpacked(folder: Path, content: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        model = unpacking.decompress(content, _LARGEST)
    except zlib.error as error:
        raise _unfit(folder, f"{PACKED} cannot be unpacked: {error}") from error
    if unpacking.unconsumed_tail:
        raise _unfit(folder, f"{PACKED} cannot be unpacked: it is larger than {_LARGEST} bytes")
    if not unpacking.eof:
        raise _unfit(folder, f"{PACKED} cannot be unpacked: it was cut")
    return model


def _text(folder: Path, name: str, sums: Mapping[str, Any]) -> str:
    try:
        return _file(folder, name, sums).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unfit(folder, f"{name} is not UTF-8: {error}") from error


def _unfit(folder: Path, why: str) -> Fatal:
    return Fatal(f"sentiment bundle {folder} is refused: {why}")
