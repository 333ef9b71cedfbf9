"""The wide part: regressions for kinds of text, weighed by how much a text looks like each kind.

A word can be good news in market headlines and a complaint in a review, and pooling all texts costs points in each. So
a *gate* guesses which training set a text resembles, an *expert* knows the kind of text of that set, and one that learnt from
all of them has a say everywhere. Everything is linear in the same n-gram rows.
"""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.graphs.ngrams import Ngrams
from processors.sentiment.training.features import Vocabulary
from processors.sentiment.training.linear import Regression


@dataclass(frozen=True, slots=True)
class Head:
    """The experts of one head and their say.

    Attributes:
        experts: all with the same classes.
        shares: (kinds of text, experts): how much each expert counts for a text of that kind; rows sum to 1.
    """

    experts: tuple[Regression, ...]
    shares: Floats

    def logits(self, rows: csr_matrix, kinds: Floats) -> Floats:
        """(texts, classes), before the softmax; `kinds` is (texts, kinds of text), rows sum to 1."""
        weights = kinds @ self.shares
        parts = [one.logits(rows) * weights[:, [at]] for at, one in enumerate(self.experts)]
        return np.asarray(np.sum(parts, axis=0), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Gate and heads, by name, over the n-grams of a vocabulary."""

    vocabulary: Vocabulary
    gate: Regression
    heads: dict[str, Head]

    def kinds(self, rows: csr_matrix) -> Floats:
        """How much each text looks like each kind of text."""
        return softmax(self.gate.logits(rows))

    def ngrams(self) -> Ngrams:
        """All regressions side by side: the gate's columns, then each head's experts in order."""
        parts = [self.gate, *(expert for head in self.heads.values() for expert in head.experts)]
        known = self.vocabulary
        return Ngrams(
            tokens=known.tokens,
            slots=known.slots,
            rows=known.rows,
            gaps=known.gaps,
            norms=known.norms,
            table=np.concatenate([part.table for part in parts], axis=1) * known.idf[:, None],
            bias=np.concatenate([part.bias for part in parts]),
        )
