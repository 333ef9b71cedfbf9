"""Small classifiers of random weights as the Hub keeps them, and what they say worked out in plain numpy."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.encoder import Encoder, Layer, Linear, Norm
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.hub.families import FAMILIES
from tests.support.encoders import encoded

HIDDEN, WIDE, LAYERS, HEADS, POSITIONS = 48, 96, 2, 4, 40
WORDS = ("bagus", "buruk", "rapat", "sekali", "tidak", "good", "bad", "meeting", "very", "not")
LABELS = ("Positive", "NEUTRAL", "negative")


class HubModel:
    """A folder with config.json, model.safetensors and tokenizer.json of one family."""

    def __init__(self, folder: Path, kind: str, labels: Sequence[str] = LABELS, **changes: Any) -> None:
        self.folder = folder
        self._family = FAMILIES[kind]
        self._chance = np.random.default_rng(len(kind))
        self._shift = 2 if self._family.shifted else 0
        self.weights: dict[str, Floats] = {}
        family = self._family
        self.config = {
            "model_type": kind,
            family.hidden: HIDDEN,
            family.layers: LAYERS,
            family.heads: HEADS,
            family.wide: WIDE,
            family.gelu: "gelu",
            "layer_norm_eps": 1e-5,
            "max_position_embeddings": POSITIONS + self._shift,
            "pad_token_id": 1 if family.shifted else 0,
            "vocab_size": len(WORDS) + 4,
            "type_vocab_size": 2,
            "num_labels": len(labels),
            "id2label": {str(number): label for number, label in enumerate(labels)},
            "label2id": {label: number for number, label in enumerate(labels)},
        } | changes
        self._make(len(labels))

    def write(self) -> Path:
        """Write the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "config.json").write_text(json.dumps(self.config))
        save_file(self.weights, self.folder / "model.safetensors")
        (self.folder / "tokenizer.json").write_text(tokenizer().to_str())
        return self.folder

    def probabilities(self, text: str) -> Floats:
        """What the model says, in floats and without its graph."""
        family = self._family
        vector = encoded(self._encoder(), np.array(tokenizer().encode(text).ids))
        dense = vector @ self.weights[f"{family.dense}.weight"].T + self.weights[f"{family.dense}.bias"]
        active = np.tanh(dense) if family.activation == "Tanh" else np.maximum(dense, 0)
        classes = family.classes
        logits = active @ self.weights[f"{classes}.weight"].T + self.weights[f"{classes}.bias"]
        found: Floats = softmax(logits[None])[0]
        return found

    def _make(self, labels: int) -> None:
        family, under = self._family, f"{self._family.prefix}embeddings"
        self._some(f"{under}.word_embeddings.weight", len(WORDS) + 4, HIDDEN, size=1.0)
        self._some(f"{under}.position_embeddings.weight", POSITIONS + self._shift, HIDDEN)
        if family.types:
            self._some(f"{under}.token_type_embeddings.weight", 2, HIDDEN)
        self._norm(f"{under}.LayerNorm")
        for at in range(LAYERS):
            for part, name in family.parts.items():
                full = f"{family.prefix}{family.layer}.{at}.{name}"
                if "norm" in part:
                    self._norm(full)
                else:
                    sizes = {"up": (HIDDEN, WIDE), "down": (WIDE, HIDDEN)}.get(part, (HIDDEN, HIDDEN))
                    self._linear(full, *sizes)
        self._linear(family.dense, HIDDEN, HIDDEN)
        self._linear(family.classes, HIDDEN, labels)

    def _encoder(self) -> Encoder:
        family, found = self._family, self.weights
        under = f"{family.prefix}embeddings"
        positions = found[f"{under}.position_embeddings.weight"][self._shift :]
        if family.types:
            positions = positions + found[f"{under}.token_type_embeddings.weight"][0]

        def linear(name: str) -> Linear:
            return Linear(found[f"{name}.weight"].T, found[f"{name}.bias"])

        def norm(name: str) -> Norm:
            return Norm(found[f"{name}.weight"], found[f"{name}.bias"])

        layers = []
        for at in range(LAYERS):
            names = {
                part: f"{family.prefix}{family.layer}.{at}.{name}" for part, name in family.parts.items()
            }
            parts: dict[str, Any] = {
                part: norm(name) if "norm" in part else linear(name) for part, name in names.items()
            }
            layers.append(Layer(**parts))
        return Encoder(
            found[f"{under}.word_embeddings.weight"],
            positions,
            norm(f"{under}.LayerNorm"),
            layers,
            HEADS,
            1e-5,
            "first",
        )

    def _some(self, name: str, *shape: int, size: float = 0.1) -> None:
        self.weights[name] = (size * self._chance.standard_normal(shape)).astype(np.float32)

    def _linear(self, name: str, inputs: int, outputs: int) -> None:
        self._some(f"{name}.weight", outputs, inputs, size=1.5 * float(inputs) ** -0.5)
        self._some(f"{name}.bias", outputs)

    def _norm(self, name: str) -> None:
        self._some(f"{name}.weight", HIDDEN)
        self.weights[f"{name}.weight"] += 1
        self._some(f"{name}.bias", HIDDEN)


def tokenizer() -> Tokenizer:
    """Whole words between marks of beginning and end."""
    entries = ["<s>", "<pad>", "</s>", "<unk>", *WORDS]
    found = Tokenizer(
        models.WordLevel({entry: number for number, entry in enumerate(entries)}, unk_token="<unk>")
    )
    found.add_special_tokens(["<s>", "<pad>", "</s>"])
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    found.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return found
