"""The course of a training as a picture: the loss of its batches, and macro-F1 of the valid splits."""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

_POINTS = 150
"""So many means of neighbouring batches are drawn: single batches jump about."""


def draw(curves: Path, picture: Path) -> None:
    """Draw what `curves` (`keeping.CURVES`) holds into the PNG `picture`."""
    found = json.loads(curves.read_text(encoding="utf-8"))
    figure = Figure(figsize=(8, 4), layout="constrained")
    loss = figure.subplots()
    loss.set_xlabel("share of the training done")
    loss.set_ylabel("loss")
    losses = np.array(found["losses"], dtype=np.float64).reshape(-1, 2)
    parts = np.array_split(losses, min(_POINTS, max(1, len(losses))))
    means = np.array([part.mean(axis=0) for part in parts if len(part)]).reshape(-1, 2)
    loss.plot(means[:, 0], means[:, 1], color="tab:grey", label="loss")
    score = loss.twinx()
    score.set_ylabel("macro-F1 on valid")
    judged = found["judged"]
    for name in judged[-1][1] if judged else ():
        score.plot([done for done, _ in judged], [one[name] for _, one in judged], marker="o", label=name)
    figure.legend(loc="outside right center")
    figure.savefig(picture)
