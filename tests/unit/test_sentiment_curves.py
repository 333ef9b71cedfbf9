"""The picture of a training."""

import json
from pathlib import Path

import pytest

pytest.importorskip("matplotlib", reason="matplotlib is not here: make train installs it, in .venv-train")

from processors.sentiment.training.curves import draw


@pytest.mark.parametrize("batches", [0, 1, 400])
@pytest.mark.parametrize("judged", [[], [(0.5, {"smsa": 80.0}), (1.0, {"smsa": 88.0})]])
def test_a_picture_is_drawn(tmp_path: Path, batches: int, judged: list[object]) -> None:
    losses = [(at / 400, 2 - at / 400) for at in range(batches)]
    (tmp_path / "curves.json").write_text(json.dumps({"losses": losses, "judged": judged}))
    draw(tmp_path / "curves.json", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
