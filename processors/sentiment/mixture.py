"""The small model: regressions for kinds of text, weighed by how much a text looks like each kind.

A word can be good news in market headlines and a complaint in a review, and pooling all texts costs points in each. So
a *gate* guesses which training set a text resembles, an *expert* knows the kind of text of that set, and one that learnt from
all of them has a say everywhere. Everything is linear in the same n-gram rows.

Compared on the valid splits (mean macro-F1 over sets and languages): one pooled regression per sentiment head 75.5, this
75.9, and 76.0 with eight-bit weights; clipping their largest 0.01 % for finer steps 74.8. The gain over pooling is within the
noise of one set (about 1 to 2 points) but falls on SmSA, headlines and financial tweets alike. In an earlier round under
one optimiser a hidden layer of 32 units over the same rows was no clear gain, little tuned: 73.0-73.5 against 74.4 for the
linear model with borrowed labels, 73.8 against 73.5 without. Pairs of tokens two apart and triples were no gain either.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from processors.sentiment.linear import Floats, Regression, softmax


@dataclass(frozen=True, slots=True)
class Head:
    """The experts of one head and their say.

    Attributes:
        experts: all with the same classes.
        shares: (kinds of text, experts): how much each expert counts for a text of that kind; rows sum to 1.
        temperature: what the mixed logits are divided by.
    """

    experts: tuple[Regression, ...]
    shares: Floats
    temperature: float = 1.0

    def logits(self, rows: csr_matrix, kinds: Floats) -> Floats:
        """(texts, classes), before temperature and softmax; `kinds` is (texts, kinds of text), rows sum to 1."""
        weights = kinds @ self.shares
        parts = [one.logits(rows) * weights[:, [at]] for at, one in enumerate(self.experts)]
        return np.asarray(np.sum(parts, axis=0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Gate and heads."""

    gate: Regression
    sentiment: Head
    emotion: Head

    def kinds(self, rows: csr_matrix) -> Floats:
        """How much each text looks like each kind of text."""
        return softmax(self.gate.logits(rows))

    def parts(self) -> list[Regression]:
        """Every regression, in the order of the exported table's columns."""
        return [self.gate, *self.sentiment.experts, *self.emotion.experts]
