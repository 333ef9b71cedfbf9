"""The tokenizer: of the base's 250,000 pieces those that Indonesian and English texts are made of, and the normaliser's markers."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from processors.sentiment.normalise import MARKERS
from processors.sentiment.training.base import Floats

BEGIN, PAD, END, UNKNOWN = "<s>", "<pad>", "</s>", "<unk>"
SPECIALS = (BEGIN, PAD, END, UNKNOWN)
_MARKED = {
    "_url_": "link",
    "_user_": "user",
    "_name_": "name",
    "_symbol_": "company",
    "_num_": "number",
}
"""What the vector of a marker begins as: that of this word."""


def trimmed(whole: Path, texts: Iterable[str], size: int) -> tuple[Tokenizer, list[int]]:
    """A tokenizer of at most `size` pieces, and the row of each in the base's table (-1: a marker, it has none).

    Args:
        whole: `tokenizer.json` of the base.
        texts: normalised; the pieces they are made of are counted.
        size: pieces to keep, specials and markers among them.

    Single characters of the ASCII range are always kept, then pieces by how often they occur; ties by their number.
    """
    described = json.loads(whole.read_text(encoding="utf-8"))
    # Our normaliser has done what the base's does to a text.
    described["normalizer"] = None
    described["added_tokens"] = [one for one in described["added_tokens"] if one["content"] in SPECIALS]
    base = Tokenizer.from_str(json.dumps(described))
    counts: Counter[int] = Counter()
    for encoding in base.encode_batch([_unmarked(text) for text in texts], add_special_tokens=False):
        counts.update(encoding.ids)
    vocabulary: Sequence[tuple[str, float]] = described["model"]["vocab"]
    single = [
        number
        for number, (piece, _) in enumerate(vocabulary)
        if len(piece) == 1 and (piece.isascii() or piece == "\u2581")
    ]
    ranked = sorted((number for number in counts if number >= len(SPECIALS)), key=lambda n: (-counts[n], n))
    room = size - len(SPECIALS) - len(MARKERS)
    chosen = sorted(list(dict.fromkeys([*single, *ranked]))[:room])
    rows = [*range(len(SPECIALS)), *chosen, *[-1] * len(MARKERS)]
    kept = [[vocabulary[number][0], vocabulary[number][1]] for number in rows if number >= 0]
    described["model"]["vocab"] = [*kept, *([marker, 0.0] for marker in MARKERS)]
    described["added_tokens"] += [_added(len(kept) + at, marker) for at, marker in enumerate(MARKERS)]
    return Tokenizer.from_str(json.dumps(described)), rows


def vectors(table: Floats, rows: Sequence[int], base: Tokenizer) -> Floats:
    """The rows of the base's table that a tokenizer of ours keeps; its last are the markers', each of which begins as the word it stands for."""
    found = table[np.maximum(np.array(rows), 0)].copy()
    for at, marker in enumerate(MARKERS):
        ids = base.encode(_MARKED[marker], add_special_tokens=False).ids
        found[len(rows) - len(MARKERS) + at] = table[ids].mean(axis=0)
    return np.asarray(found, dtype=np.float32)


def unknown_rate(tokenizer: Tokenizer, texts: Sequence[str], piece: str = UNKNOWN) -> float:
    """The share of tokens that no piece covers, which come out as `piece`, 0 to 1."""
    unknown = tokenizer.get_vocab()[piece]
    tokens = missing = 0
    for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False):
        tokens += len(encoding.ids)
        missing += encoding.ids.count(unknown)
    return missing / max(1, tokens)


def _unmarked(text: str) -> str:
    for marker in MARKERS:
        text = text.replace(marker, " ")
    return text


def _added(number: int, marker: str) -> dict[str, Any]:
    return {
        "id": number,
        "content": marker,
        "single_word": False,
        "lstrip": True,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
