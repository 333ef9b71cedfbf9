"""Measures against hand-counted figures, and the evaluate command on a handwritten file."""

import json
from pathlib import Path

import numpy as np
import pytest

from processors.sentiment.__main__ import main
from processors.sentiment.bundle import DEFAULT
from processors.sentiment.measures import measure

LINES = [
    {"text": "Makanannya enak, pelayanannya ramah, sangat puas", "label": "positive", "lang": "id"},
    {"text": "kecewa sekali , kamar nya kotor", "label": "negative", "lang": "id"},
    {"text": "Company beats estimates and raises its outlook", "label": "positive", "lang": "en"},
    {"text": "shares tumble as it misses estimates, downgraded", "label": "negative", "lang": "en"},
    {"text": "entahlah", "label": "mixed", "lang": "id"},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in LINES) + "\n")
    return path


def test_measures_by_hand() -> None:
    said = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.9, 0.0], [0.2, 0.2, 0.6]], dtype=np.float32)
    found = measure(said, ["a", "b", "b", "b"], ["a", "b", "c"])
    # a: precision 1/2, recall 1; b: precision 1, recall 1/3; c stands nowhere, so it has no F1 of its own.
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found.accuracy == 0.5
    assert found.macro_recall == pytest.approx((1 + 1 / 3) / 2)
    assert found.calibration_error == pytest.approx((0.2 + 0.7 + 0.1 + 0.6) / 4)
    assert found.confusion == {"a": {"a": 1, "b": 0, "c": 0}, "b": {"a": 1, "b": 1, "c": 1}}


def test_certain_and_right_is_calibrated() -> None:
    found = measure(np.eye(3, dtype=np.float32), ["a", "b", "c"], ["a", "b", "c"])
    assert (found.macro_f1, found.calibration_error) == (1, 0)


def test_json_for_programs(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(DEFAULT), str(file), "--task", "sentiment", "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["files"]
    assert report["task"] == "sentiment"
    assert report["left_out"] == {"mixed": 1}
    assert report["overall"]["texts"] == 4
    assert report["overall"]["macro_f1"] == 1
    assert {lang: found["texts"] for lang, found in report["languages"].items()} == {"en": 2, "id": 2}
    assert report["texts_per_second"] > 0


def test_tables_for_people(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(DEFAULT), str(file)]) == 0
    said = capsys.readouterr().out
    assert "left out, label unknown: mixed (1 texts)" in said
    assert "macro-F1" in said
    assert "calibration error" in said


def test_the_head_follows_the_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "emotions.jsonl"
    path.write_text('{"text": "aku takut sekali", "label": "fear"}\n{"text": "wow", "label": "surprise"}\n')
    assert main(["evaluate", str(DEFAULT), str(path), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["files"]
    assert (report["task"], report["left_out"], list(report["languages"])) == (
        "emotion",
        {"surprise": 1},
        ["und"],
    )


def test_a_file_of_unknown_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "strange.jsonl"
    path.write_text('{"text": "x", "label": "spam"}\n')
    assert main(["evaluate", str(DEFAULT), str(path), "--task", "sentiment"]) == 0
    assert "no text with a label that this bundle knows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not UTF-8 JSON lines"),
        ('{"text": "no label"}', "line 1: needs a text and a label"),
        ("[1]", "line 1"),
    ],
)
def test_a_file_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, message: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content)
    assert main(["evaluate", str(DEFAULT), str(path)]) == 1
    assert message in capsys.readouterr().err


def test_a_bundle_that_is_none(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path / "none"), str(file)]) == 1
    assert "no folder" in capsys.readouterr().err
