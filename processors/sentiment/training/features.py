"""Token n-grams of the wide part: which are known, and their rows for training.

The same arithmetic stands in the ONNX graph (graphs/ngrams.py): a pair of tokens hashes to a slot, the slot holds the key
of the one pair that owns it and the pair's row, and a pair whose key is not there has row 0. Looking up is exact:
two pairs never share a row, and a pair not seen in training counts nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.ngrams import MAX_NORM, NORM_STEPS, Ints, pair_keys, slot_of


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Known n-grams. Row 0 is nothing, row 1 + token is the token alone, then the pairs.

    Attributes:
        tokens: size of the tokenizer's vocabulary.
        slots: key of the pair that owns each slot, -1 where none does.
        rows: row of that pair.
        idf: inverse document frequency of each row; 0 for row 0 and for what training has not seen.
        gaps: distances between the two tokens of a pair that are looked at.
    """

    tokens: int
    slots: Ints
    rows: Ints
    idf: Floats
    gaps: tuple[int, ...]

    @property
    def norms(self) -> Floats:
        """Squared idf as the whole numbers the graph adds up (in steps of 1/NORM_STEPS), one per row."""
        return np.asarray(np.minimum(np.rint(self.idf**2 * NORM_STEPS), MAX_NORM), dtype=np.float32)

    def lookup(self, ids: Ints) -> Ints:
        """Rows of all n-grams of one text, repeats included, unknown ones left out."""
        found = [ids + 1]
        for gap in self.gaps:
            keys = pair_keys(ids, gap, self.tokens)
            slots = slot_of(keys, len(self.slots))
            found.append(np.where(self.slots[slots] == keys, self.rows[slots], 0))
        rows = np.concatenate(found)
        return rows[rows > 0]


def build(
    texts: Sequence[Ints],
    tokens: int,
    gaps: tuple[int, ...],
    slots: int,
    at_least: int,
    ignored: Sequence[int] = (),
) -> Vocabulary:
    """Every pair that stands in `at_least` texts gets a row; of two that hash alike the more frequent one.

    A token that is `ignored` counts nothing, alone or in a pair, and adds nothing to a text's length.
    """
    seen = np.zeros(tokens, dtype=np.int64)
    pairs: list[Ints] = []
    for ids in texts:
        seen[np.unique(ids)] += 1
        pairs.append(np.unique(np.concatenate([pair_keys(ids, gap, tokens) for gap in gaps])))
    keys, counts = np.unique(np.concatenate(pairs), return_counts=True)
    order = np.lexsort((keys, -counts))
    keys, counts = keys[order], counts[order]
    one, other = keys // tokens % tokens, keys % tokens
    keep = (counts >= at_least) & ~np.isin(one, ignored) & ~np.isin(other, ignored)
    keys, counts = keys[keep], counts[keep]
    _, first = np.unique(slot_of(keys, slots), return_index=True)
    first.sort()
    keys, counts = keys[first], counts[first]
    seen[list(ignored)] = 0
    owners = np.full(slots, -1, dtype=np.int64)
    rows = np.zeros(slots, dtype=np.int64)
    at = slot_of(keys, slots)
    owners[at] = keys
    rows[at] = np.arange(len(keys)) + tokens + 1
    frequency = np.concatenate([[0], seen, counts])
    idf = np.where(frequency > 0, np.log((1 + len(texts)) / (1 + frequency)) + 1, 0).astype(np.float32)
    return Vocabulary(tokens, owners, rows, idf, gaps)


def matrix(vocabulary: Vocabulary, texts: Sequence[Ints]) -> csr_matrix:
    """One row of length 1 per text: idf of each n-gram over the root of the summed squares, repeats added up."""
    indices = [vocabulary.lookup(ids) for ids in texts]
    values = []
    norms = vocabulary.norms / np.float32(NORM_STEPS)
    for rows in indices:
        length = np.sqrt(norms[rows].sum())
        values.append(vocabulary.idf[rows] / max(length, np.float32(1.0)))
    starts = np.cumsum([0, *(len(rows) for rows in indices)])
    shape = (len(texts), len(vocabulary.idf))
    result = csr_matrix(
        (np.concatenate(values), np.concatenate(indices), starts), shape=shape, dtype=np.float32
    )
    result.sum_duplicates()
    return result
