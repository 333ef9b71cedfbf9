"""What all models of one bundle have in common: one that is kept, and others that are only asked on the way to it."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.sentiment.model import SentimentModel
from processors.sentiment.training.assembly import Deep
from processors.sentiment.training.writing import Description, write_bundle


@dataclass(frozen=True, slots=True)
class Making:
    """Tokenizer, encoders, length and description; `length` is that of both encoders."""

    tokenizer: str
    deep: Deep | None
    length: int
    describe: Description

    def write(
        self, out: Path, model: bytes, heads: Sequence[str], recipe: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Write a bundle folder of this model; returns its manifest, without scores. Raises Fatal where it cannot be written."""
        english = self.deep.english.tokenizer if self.deep and self.deep.english else None
        return write_bundle(out, model, self.tokenizer, self.length, heads, self.describe, recipe, english)

    def loaded(self, model: bytes, heads: Sequence[str]) -> SentimentModel:
        """A model that is to be asked, and not kept."""
        with tempfile.TemporaryDirectory() as folder:
            self.write(Path(folder), model, heads, {})
            return SentimentModel(folder)
