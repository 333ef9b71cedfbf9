"""A bundle that was changed or does not fit is refused, and the message says why."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from processors.sentiment.bundle import DEFAULT, LONGEST, load, version_of
from processors.sentiment.model import SentimentModel
from processors.sentiment.normalise import VERSION as NORMALISER
from schemas.errors import Fatal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "bundle"))


def change(folder: Path, how: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    how(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest))


def test_the_bundle_in_the_package_loads() -> None:
    bundle = load()
    assert bundle.model_version.startswith(f"{bundle.name}-")
    assert set(bundle.sentiments) == {"negative", "neutral", "positive"}
    assert {"scores", "training_data", "licence", "recipe"} <= set(bundle.manifest)
    assert bundle.weaknesses
    assert sum(path.stat().st_size for path in DEFAULT.iterdir()) < 40_000_000
    assert (DEFAULT / "LICENSE").is_file()
    assert bundle.model_version in (DEFAULT / "CARD.md").read_text()


def test_another_folder_loads(folder: Path) -> None:
    assert load(str(folder)).model_version == load().model_version


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_tampered_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(Fatal, match=rf"{name} was changed"):
        load(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "bundle.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(Fatal, match=name):
        load(folder)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda m: m["labels"]["emotion"].remove("love"), r"emotion head do not fit: missing \['love'\]"),
        (
            lambda m: m["labels"]["sentiment"].__setitem__(0, "bad"),
            r"missing \['negative'\], unknown \['bad'\]",
        ),
        (lambda m: m["labels"]["sentiment"].append("positive"), "sentiment head do not fit"),
        (lambda m: m["labels"].pop("sentiment"), "labels of the sentiment head are missing"),
        (lambda m: m["labels"].update(mood=["good"]), r"heads that this program does not know: \['mood'\]"),
        (lambda m: m.update(weaknesses="none"), "weaknesses in bundle.json are not a list"),
        (lambda m: m.pop("sha256"), "'sha256'"),
        (lambda m: m["sha256"].pop("model.onnx"), "no sha256 of model.onnx"),
        (lambda m: m.update(normaliser=m["normaliser"] + 1), "normalised in version"),
        (lambda m: m.update(max_length=LONGEST + 1), "max_length"),
        (lambda m: m["labels"]["emotion"].reverse(), "model_version is"),
        (lambda m: m.update(model_version="small-0"), "model_version is 'small-0'"),
    ],
)
def test_a_manifest_that_does_not_fit(
    folder: Path, how: Callable[[dict[str, Any]], object], message: str
) -> None:
    change(folder, how)
    with pytest.raises(Fatal, match=message):
        load(folder)


def test_a_bundle_of_an_older_normaliser_is_there_to_learn_on_only(folder: Path) -> None:
    change(folder, lambda m: m.update(normaliser=NORMALISER - 1))
    with pytest.raises(Fatal, match="normalised in version"):
        load(folder)
    with pytest.raises(Fatal, match="model_version is"):  # what else does not fit still does not
        load(folder, to_learn_on=True)
    change(folder, lambda m: m.update(model_version=version_of(m)))
    assert load(folder, to_learn_on=True).manifest["normaliser"] == NORMALISER - 1


def test_a_manifest_that_is_no_json(folder: Path) -> None:
    (folder / "bundle.json").write_text("{")
    with pytest.raises(Fatal, match=r"bundle\.json cannot be read"):
        load(folder)


def test_a_model_that_is_none(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"nothing")

    def mend(manifest: dict[str, Any]) -> None:
        manifest["sha256"]["model.onnx"] = (
            "e00cf25ad42683b3df678c61f42c6bda"  # of another length: never equal
        )
        manifest["model_version"] = version_of(manifest)

    change(folder, mend)
    with pytest.raises(Fatal, match=r"model\.onnx was changed"):
        load(folder)


def test_a_graph_without_our_heads_is_refused(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    for one in (*model.graph.output, *model.graph.node):
        if isinstance(one, onnx.ValueInfoProto) and one.name == "emotion":
            one.name = "mood"
        elif isinstance(one, onnx.NodeProto) and one.output[0] == "emotion":
            one.output[0] = "mood"
    onnx.save(model, folder / "model.onnx")

    def mend(manifest: dict[str, Any]) -> None:
        manifest["sha256"]["model.onnx"] = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
        manifest["model_version"] = version_of(manifest)

    change(folder, mend)
    with pytest.raises(Fatal, match="no output 'emotion'"):
        SentimentModel(folder)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="there is no folder"):
        load(tmp_path / "nowhere")


def test_a_bundle_without_emotions_loads(folder: Path) -> None:
    def leave_out(manifest: dict[str, Any]) -> None:
        del manifest["labels"]["emotion"]
        manifest["model_version"] = version_of(manifest)

    change(folder, leave_out)
    bundle = load(folder)
    assert bundle.emotions == ()
    assert SentimentModel(bundle).probabilities(["bagus"]).emotion.shape == (1, 0)
