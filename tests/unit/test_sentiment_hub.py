"""Models of others become bundles: held against numpy, converted once, refused with a reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import constants
from safetensors.numpy import save_file

from processors.sentiment import SentimentModel
from processors.sentiment.bundle import load
from processors.sentiment.hub.families import FAMILIES
from schemas.errors import Fatal
from tests.support.hub_models import LABELS, POSITIONS, HubModel

TEXTS = [
    "bagus",
    "tidak bagus",
    "the meeting was very very good",
    "bad bad not good",
    "rapat sekali " * 15,
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; nothing listens where the Hub would be asked."""
    monkeypatch.setattr(constants, "HF_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "home" / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "home"


@pytest.mark.parametrize("kind", sorted(FAMILIES))
def test_a_converted_model_says_what_its_weights_say(kind: str, tmp_path: Path) -> None:
    made = HubModel(tmp_path / "model", kind)
    model = SentimentModel(made.write())
    assert model.bundle.sentiments == tuple(label.lower() for label in LABELS)
    assert model.bundle.emotions == ()
    assert not model.bundle.normalised
    assert model.bundle.max_length == POSITIONS
    found = model.probabilities(TEXTS)
    for at, text in enumerate(TEXTS):
        assert found.sentiment[at] == pytest.approx(made.probabilities(text), abs=0.02)
    spread = np.ptp(found.sentiment, axis=0)
    assert spread.max() > 0.1, "weights that say the same of every text would prove nothing"


def test_it_is_converted_once_and_again_when_its_weights_change(tmp_path: Path, home: Path) -> None:
    made = HubModel(tmp_path / "model", "bert")
    first = load(made.write())
    written = (first.folder / "model.onnx").stat().st_mtime_ns
    assert first.folder.parent == home / "denyut"
    again = load(made.folder)
    assert (again.folder, (again.folder / "model.onnx").stat().st_mtime_ns) == (first.folder, written)
    made.weights["classifier.bias"] += 1
    other = load(made.write())
    assert other.folder != first.folder
    assert other.model_version != first.model_version
    assert sorted(path.name for path in first.folder.parent.iterdir()) == sorted(
        [first.folder.name, other.folder.name]
    )


def test_a_model_that_the_hubs_cache_holds_is_not_asked_for(home: Path) -> None:
    kept = home / "hub" / "models--someone--moods"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    HubModel(kept / "snapshots" / ("0" * 40), "roberta").write()
    bundle = load("someone/moods")
    assert bundle.name == "moods"
    assert bundle.manifest["converted_from"] == "someone/moods"


def test_a_hub_that_cannot_be_reached_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Fatal, match="'someone/nothing' cannot be had from the Hub"):
        load("someone/nothing")


@pytest.mark.parametrize(
    ("kind", "labels", "changes", "message"),
    [
        ("bert", LABELS, {"model_type": "t5"}, "its type is 't5'; what can be converted: bert, roberta"),
        ("bert", LABELS, {"hidden_act": "relu"}, "its activation is 'relu'"),
        ("bert", LABELS, {"position_embedding_type": "relative_key"}, "its positions are 'relative_key'"),
        ("bert", ("POSITIVE", "NEGATIVE"), {}, r"missing \['neutral'\], unknown \[\]"),
        ("bert", ("LABEL_0", "LABEL_1", "LABEL_2"), {}, r"unknown \['label_0', 'label_1', 'label_2'\]"),
        ("bert", LABELS, {"id2label": None}, "names no labels"),
        ("bert", LABELS, {"hidden_size": 47}, r"has shape \(40, 48\), not \(None, 47\)"),
        ("distilbert", LABELS, {"n_layers": 3}, r"'distilbert\.transformer\.layer\.2\S+' are missing"),
    ],
)
def test_what_does_not_fit_is_named(
    kind: str, labels: tuple[str, ...], changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(Fatal, match=message):
        load(HubModel(tmp_path / "model", kind, labels, **changes).write())


def test_weights_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    folder = HubModel(tmp_path / "model", "bert").write()
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(Fatal, match=r"model\.safetensors cannot be read"):
        load(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(Fatal, match="no weights in safetensors"):
        load(folder)


def test_weights_of_another_precision_are_named(tmp_path: Path) -> None:
    made = HubModel(tmp_path / "model", "bert")
    made.write()
    save_file({"classifier.bias": np.zeros(3, np.float64)}, made.folder / "model.safetensors")
    with pytest.raises(Fatal, match=r"its weights are F64, not one of \['F16', 'F32'\]"):
        load(made.folder)


def test_early_models_call_their_norms_otherwise(tmp_path: Path) -> None:
    made = HubModel(tmp_path / "model", "bert")
    wanted = made.probabilities("bagus sekali")
    made.weights = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in made.weights.items()
    }
    found = SentimentModel(made.write()).probabilities(["bagus sekali"])
    assert found.sentiment[0] == pytest.approx(wanted, abs=0.02)
