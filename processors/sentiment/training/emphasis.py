"""How much an n-gram tells of a class, from counts: what a regression then finds it cheap to use.

Wang & Manning, "Baselines and Bigrams" (ACL 2012): features scaled by their log-count ratio before a linear model is fitted. Here
the ratio scales the weights, which is the same and lets each class have its own.
"""

import numpy as np
from scipy.sparse import csr_matrix

from processors.sentiment.graphs.builder import Floats

_ONCE_MORE = 1.0
"""Added to each count."""


def emphasis(rows: csr_matrix, wanted: Floats) -> Floats:
    """(features, classes): the ratio's size, of what share of a class' texts hold the feature to what share of the others' do.

    Args:
        rows: (texts, features); what is not 0 is held.
        wanted: (texts, classes): how much of each class a text is, times what the text counts.
    """
    held = (rows != 0).astype(np.float32)
    counts = held.T @ wanted
    inside = _ONCE_MORE + counts
    outside = _ONCE_MORE + counts.sum(axis=1, keepdims=True) - counts
    ratio = np.log(inside / inside.sum(axis=0)) - np.log(outside / outside.sum(axis=0))
    return np.asarray(np.abs(ratio), dtype=np.float32)
