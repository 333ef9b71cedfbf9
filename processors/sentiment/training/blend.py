"""How much the wide and the deep part count for each kind of text: fitted on the valid splits.

The logits of a text are the sum of both parts' logits, each times a weight for the kinds of text that the gate takes it for.
Weights set the temperature as well, so that probabilities are calibrated per kind. How far that holds is judged by halves
(`crossing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.graphs.ngrams import Ints

_PENALTY = 0.02
"""On the squared distance of a kind's weight from the mean of all kinds: small sets must not run away."""


@dataclass(frozen=True, slots=True)
class Blend:
    """Weights of one head: (kinds, parts), the parts in the order in which they were given."""

    weights: Floats

    def logits(self, parts: Mapping[str, Floats], kinds: Floats) -> Floats:
        """(texts, classes)."""
        weights = kinds @ self.weights
        mixed = [part * weights[:, [at]] for at, part in enumerate(parts.values())]
        return np.asarray(np.sum(mixed, axis=0), dtype=np.float32)


def fit_blend(parts: Mapping[str, Floats], kinds: Floats, classes: Ints, sets: Ints) -> Blend:
    """The weights of least log loss, every set counting alike.

    Args:
        parts: logits (texts, classes) by part.
        kinds: (texts, kinds): what the gate says.
        classes: the true one of each text.
        sets: the set that each text is from.
    """
    stacked = np.stack(list(parts.values()), axis=1).astype(np.float64)
    gates = kinds.astype(np.float64)
    truth = np.eye(stacked.shape[2])[classes]
    found, sizes = np.unique(sets, return_counts=True)
    each = 1 / (len(found) * sizes[np.searchsorted(found, sets)])
    shape = (gates.shape[1], stacked.shape[1])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(shape)
        chances = softmax(np.einsum("np,npc->nc", gates @ weights, stacked).astype(np.float32))
        cost = -float((each * np.log(np.maximum((chances * truth).sum(axis=1), 1e-12))).sum())
        slope = gates.T @ np.einsum("nc,npc->np", each[:, None] * (chances - truth), stacked)
        away = weights - weights.mean(axis=0)
        return cost + _PENALTY * float((away**2).sum()), (slope + 2 * _PENALTY * away).ravel()

    start = np.full(shape, 1 / shape[1])
    best = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    return Blend(best.x.reshape(shape).astype(np.float32))
