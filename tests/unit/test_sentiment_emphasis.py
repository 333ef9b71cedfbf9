"""Emphasis: a word that tells of a class is cheap to use, one that all have is not."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from processors.sentiment.training.emphasis import emphasis
from processors.sentiment.training.linear import fit

# Columns: in every text; in those of class 0; in those of class 1; in none.
ROWS = csr_matrix(np.array([[1, 2, 0, 0]] * 6 + [[1, 0, 2, 0]] * 6, dtype=np.float32))
TRUTH = np.array([0] * 6 + [1] * 6)
EVEN = np.eye(2, dtype=np.float32)[TRUTH]


def test_it_is_the_size_of_the_log_count_ratio() -> None:
    found = emphasis(ROWS, EVEN)
    # Counts with one more each: class 0 has 7, 7, 1, 1 of 16, the other 7, 1, 7, 1.
    assert found == pytest.approx(np.log([[1, 1], [7, 7], [7, 7], [1, 1]]), abs=1e-6)


def test_what_a_text_counts_is_counted() -> None:
    light = EVEN.copy()
    light[:6] /= 2
    found = emphasis(ROWS, light)
    # 4, 4, 1, 1 of 10 against 7, 1, 7, 1 of 16.
    assert found[1, 0] == pytest.approx(np.log(4 / 10) - np.log(1 / 16), abs=1e-6)
    assert found[0, 0] == pytest.approx(abs(np.log(4 / 10) - np.log(7 / 16)), abs=1e-6)


def test_an_emphasised_weight_costs_less() -> None:
    plain = fit(ROWS, EVEN, 5.0, 200, lambda: None)
    even = fit(ROWS, EVEN, 5.0, 200, lambda: None, np.ones((4, 2), dtype=np.float32))
    told = fit(ROWS, EVEN, 5.0, 200, lambda: None, emphasis(ROWS, EVEN))
    assert np.allclose(plain.table, even.table)
    assert told.table[1, 0] > plain.table[1, 0] > 0
    assert not told.table[0].any()
    assert told.logits(ROWS).argmax(axis=1).tolist() == TRUTH.tolist()


def test_a_text_that_is_half_of_each_class_is_fitted_as_such() -> None:
    halves = np.full((12, 2), 0.5, dtype=np.float32)
    found = fit(ROWS, halves, 0.1, 200, lambda: None)
    assert np.abs(found.logits(ROWS)[:, 0] - found.logits(ROWS)[:, 1]).max() < 1e-3
    uneven = fit(ROWS, np.tile(np.array([0.75, 0.25], dtype=np.float32), (12, 1)), 1e-4, 500, lambda: None)
    gap = uneven.logits(ROWS)[:, 0] - uneven.logits(ROWS)[:, 1]
    assert gap == pytest.approx(np.full(12, np.log(3)), abs=0.02)
