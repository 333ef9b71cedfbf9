"""A bundle that was changed or does not fit is refused, and the message says why."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from processors.sentiment.bundle import DEFAULT, LONGEST, MODEL, PACKED, load, packed, version_of
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


@pytest.mark.parametrize("name", ["model.onnx.gz", "tokenizer.json", "tokenizer.english.json"])
def test_a_tampered_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(Fatal, match=rf"{name} was changed"):
        load(folder)


@pytest.mark.parametrize("name", ["model.onnx.gz", "tokenizer.json", "tokenizer.english.json", "bundle.json"])
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
        (lambda m: m["sha256"].pop("model.onnx.gz"), "no sha256 of model.onnx or model.onnx.gz"),
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


def mended(manifest: dict[str, Any], folder: Path, content: bytes) -> None:
    (folder / PACKED).write_bytes(content)
    manifest["sha256"][PACKED] = hashlib.sha256(content).hexdigest()
    manifest["model_version"] = version_of(manifest)


def test_a_model_that_is_none(folder: Path) -> None:
    change(folder, lambda m: mended(m, folder, packed(b"nothing")))
    with pytest.raises(Fatal, match="is refused"):
        SentimentModel(folder)


@pytest.mark.parametrize("content", [b"nothing", packed(b"a model" * 99)[:-9]])
def test_a_model_that_cannot_be_unpacked(folder: Path, content: bytes) -> None:
    change(folder, lambda m: mended(m, folder, content))
    with pytest.raises(Fatal, match=r"model\.onnx\.gz cannot be unpacked"):
        load(folder)


def test_a_model_need_not_be_packed(folder: Path) -> None:
    def unpack(manifest: dict[str, Any]) -> None:
        (folder / MODEL).write_bytes(load().model)
        del manifest["sha256"][PACKED]
        manifest["sha256"][MODEL] = hashlib.sha256(load().model).hexdigest()
        manifest["model_version"] = version_of(manifest)

    change(folder, unpack)
    (folder / PACKED).unlink()
    found = load(folder)
    assert found.model == load().model
    assert found.model_version != load().model_version, "what is not the same file is not the same version"


def test_a_model_that_unpacks_to_more_than_any_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.sentiment.bundle._LARGEST", 1_000)
    change(folder, lambda m: mended(m, folder, packed(bytes(1_001))))
    with pytest.raises(Fatal, match="larger than 1000 bytes"):
        load(folder)


def renamed(model: bytes, before: str, after: str) -> bytes:
    """With another name for one of its outputs."""
    found = onnx.load_from_string(model)
    for one in (*found.graph.output, *found.graph.node):
        if isinstance(one, onnx.ValueInfoProto) and one.name == before:
            one.name = after
        elif isinstance(one, onnx.NodeProto) and one.output[0] == before:
            one.output[0] = after
    return packed(found.SerializeToString())


@pytest.mark.parametrize("name", ["emotion", "english"])
def test_a_graph_without_our_outputs_is_refused(folder: Path, name: str) -> None:
    change(folder, lambda m: mended(m, folder, renamed(load().model, name, "mood")))
    with pytest.raises(Fatal, match=f"no output '{name}'"):
        SentimentModel(folder)


def replaced(folder: Path, name: str, content: bytes) -> None:
    def mend(manifest: dict[str, Any]) -> None:
        (folder / name).write_bytes(content)
        manifest["sha256"][name] = hashlib.sha256(content).hexdigest()
        manifest["model_version"] = version_of(manifest)

    change(folder, mend)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer.english.json"])
def test_a_tokenizer_that_is_no_text_is_named(folder: Path, name: str) -> None:
    replaced(folder, name, b"\xff{}")
    with pytest.raises(Fatal, match=rf"{name} is not UTF-8"):
        load(folder)


def test_an_english_tokenizer_that_marks_nothing_is_refused(folder: Path) -> None:
    described = json.loads((folder / "tokenizer.english.json").read_text())
    described["post_processor"] = None
    replaced(folder, "tokenizer.english.json", json.dumps(described).encode())
    with pytest.raises(Fatal, match="marks no beginning and end"):
        SentimentModel(folder)


def test_a_tokenizer_of_another_model_is_told_when_it_fails(folder: Path) -> None:
    replaced(folder, "tokenizer.english.json", (folder / "tokenizer.json").read_bytes())
    model = SentimentModel(folder)
    with pytest.raises(Fatal, match="its tokenizers may be those of another"):
        model.score(
            ["The company beats earnings estimates, _num_ shares rise and the outlook is strong _url_"]
        )


def test_a_bundle_whose_english_tokenizer_was_left_out_is_refused(folder: Path) -> None:
    def leave_out(manifest: dict[str, Any]) -> None:
        del manifest["sha256"]["tokenizer.english.json"]
        manifest["model_version"] = version_of(manifest)

    change(folder, leave_out)
    with pytest.raises(Fatal, match=r"inputs .*english_ids.*, not \['attention_mask', 'input_ids'\]"):
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
