"""What a training keeps: its state, to go on from, and what was learnt, for whoever makes a bundle of it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from processors.sentiment.training.encoder import Encoder
from processors.sentiment.training.recipe import Recipe

LEARNT = "learnt.npz"
TOKENIZER = "tokenizer.json"
CONFIG = "config.json"
CURVES = "curves.json"
VALID = "valid.json"
STATE = "state.pt"


@dataclass(slots=True)
class Progress:
    """How far a training is.

    Attributes:
        epoch: passes that are behind.
        batch: batches of this pass that each worker has behind it.
        tokens: tokens that the first worker has learnt from, padding not counted.
        seconds: how long it has taken.
        losses: share of the training done, and the first worker's loss, of each batch.
        judged: share of the training done, and macro-F1 of each valid split, of each time it was judged.
    """

    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    losses: list[tuple[float, float]] = field(default_factory=list)
    judged: list[tuple[float, dict[str, float]]] = field(default_factory=list)


def save(
    folder: Path, recipe: Recipe, model: Encoder, optimizer: torch.optim.Optimizer, progress: Progress
) -> None:
    """Keep the first worker's state; a crash leaves the one before or this one, never half of it."""
    partly = folder / f"{STATE}.partly"
    torch.save(
        {
            "recipe": asdict(recipe),
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "progress": asdict(progress),
        },
        partly,
    )
    partly.replace(folder / STATE)


def go_on(folder: Path, recipe: Recipe, model: Encoder, optimizer: torch.optim.Optimizer) -> Progress:
    """Take over a state of the same recipe, if there is one. All workers take the first one's: it has the mean of their weights."""
    saved = folder / STATE
    if not saved.exists():
        return Progress()
    state: dict[str, Any] = torch.load(saved, weights_only=True, map_location="cpu")
    if state["recipe"] != asdict(recipe):
        return Progress()
    model.load_state_dict(state["model"])
    rates = [group["lr"] for group in optimizer.param_groups]
    optimizer.load_state_dict(state["optimizer"])
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        # The state's are those of its last batch; the schedule starts from the highest.
        group["lr"] = rate
    return Progress(**state["progress"])


def of_another(folder: Path, recipe: Recipe) -> bool:
    """Whether a training of another recipe has left something there."""
    try:
        left = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["recipe"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(left != json.loads(json.dumps(asdict(recipe))))


def leave(
    folder: Path,
    shape: Mapping[str, int],
    recipe: Recipe,
    tokenizer: str,
    model: Encoder,
    progress: Progress,
) -> None:
    """Write what was learnt so far. `shape` names the encoder's sizes."""
    minutes = round(progress.seconds / 60, 1)
    config = {**shape, "max_length": recipe.max_length, "recipe": asdict(recipe), "minutes": minutes}
    (folder / CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")
    (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")
    curves = {"losses": progress.losses, "judged": progress.judged}
    (folder / CURVES).write_text(json.dumps(curves), encoding="utf-8")
    if progress.judged:
        (folder / VALID).write_text(json.dumps(progress.judged[-1][1], indent=2), encoding="utf-8")
    partly = folder / "learnt.partly.npz"
    weights = model.weights()
    # Every token is of the one type, whose vector the positions have taken in (deep.py).
    weights["embeddings.type"] = np.zeros(shape["hidden"], dtype=np.float32)
    np.savez(partly, **weights)  # type: ignore[arg-type]  # numpy's stubs take names for options
    partly.replace(folder / LEARNT)
