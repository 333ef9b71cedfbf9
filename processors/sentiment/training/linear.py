"""Softmax regression on sparse rows: the convex minimum, so that the same data give the same weights."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax

BIAS_PENALTY = 1e-3


@dataclass(frozen=True, slots=True)
class Regression:
    """Weights (features, classes) and bias (classes)."""

    table: Floats
    bias: Floats

    def logits(self, rows: csr_matrix) -> Floats:
        """(texts, classes) before the softmax."""
        return np.asarray(rows @ self.table + self.bias, dtype=np.float32)


def fit(
    rows: csr_matrix,
    wanted: Floats,
    penalty: float,
    rounds: int,
    tick: Callable[[], None],
    emphasised: Floats | None = None,
) -> Regression:
    """Least log loss plus `penalty`/2 times the squared weights, by L-BFGS.

    `wanted` (texts, classes) is how much of each class a text is to be, times what the text counts.
    Features that stand in none of the texts keep weight 0 and cost no time. `tick` is called after each of at most
    `rounds` iterations. `emphasised` (features, classes) makes weights cheaper: what counts is a weight over its own emphasis.
    """
    used = np.unique(rows.indices)
    scale = np.float32(1.0) if emphasised is None else emphasised[used]
    texts = rows[:, used].astype(np.float32)
    turned = texts.T.tocsr()
    classes, counts = wanted.shape[1], wanted.sum(axis=1, keepdims=True)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        full = flat.astype(np.float32).reshape(len(used) + 1, classes)
        table, bias = full[:-1], full[-1]
        chances = softmax(texts @ (scale * table) + bias)
        cost = -float((wanted * np.log(np.maximum(chances, np.float32(1e-12)))).sum(dtype=np.float64))
        away = counts * chances - wanted
        slope = np.concatenate(
            [scale * (turned @ away) + penalty * table, (away.sum(axis=0) + BIAS_PENALTY * bias)[None]]
        )
        squares = penalty * float(np.vdot(table, table)) + BIAS_PENALTY * float(np.vdot(bias, bias))
        return cost + squares / 2, slope.ravel().astype(np.float64)

    found = minimize(
        loss,
        np.zeros((len(used) + 1) * classes),
        jac=True,
        method="L-BFGS-B",
        callback=lambda _: tick(),
        options={"maxiter": rounds, "maxcor": 6},
    )
    full = found.x.astype(np.float32).reshape(len(used) + 1, classes)
    table = np.zeros((rows.shape[1], classes), dtype=np.float32)
    table[used] = scale * full[:-1]
    return Regression(table, full[-1])
