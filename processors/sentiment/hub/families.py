"""What the families of models call their weights, and how each reads a text's class off its first token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.encoder import Encoder, Layer, Linear, Norm
from schemas.errors import Fatal

_MOST_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Classifier:
    """An encoder and what follows its first token: a layer of its own with `activation` (ONNX), then the classes."""

    encoder: Encoder
    dense: Linear
    activation: str
    classes: Linear


@dataclass(frozen=True, slots=True)
class Family:
    """Names of one family: of its configuration's entries and of its weights."""

    prefix: str
    layer: str
    hidden: str
    layers: str
    heads: str
    wide: str
    gelu: str
    parts: Mapping[str, str]
    dense: str
    activation: str
    classes: str
    types: bool
    shifted: bool
    """Positions begin after that of the padding token."""


_BERT_PARTS = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "output": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "norm": "output.LayerNorm",
}
_DISTILBERT_PARTS = {
    "query": "attention.q_lin",
    "key": "attention.k_lin",
    "value": "attention.v_lin",
    "output": "attention.out_lin",
    "attention_norm": "sa_layer_norm",
    "up": "ffn.lin1",
    "down": "ffn.lin2",
    "norm": "output_layer_norm",
}
_BERT = Family(
    prefix="bert.",
    layer="encoder.layer",
    hidden="hidden_size",
    layers="num_hidden_layers",
    heads="num_attention_heads",
    wide="intermediate_size",
    gelu="hidden_act",
    parts=_BERT_PARTS,
    dense="bert.pooler.dense",
    activation="Tanh",
    classes="classifier",
    types=True,
    shifted=False,
)
_ROBERTA = Family(
    prefix="roberta.",
    layer="encoder.layer",
    hidden="hidden_size",
    layers="num_hidden_layers",
    heads="num_attention_heads",
    wide="intermediate_size",
    gelu="hidden_act",
    parts=_BERT_PARTS,
    dense="classifier.dense",
    activation="Tanh",
    classes="classifier.out_proj",
    types=True,
    shifted=True,
)
_DISTILBERT = Family(
    prefix="distilbert.",
    layer="transformer.layer",
    hidden="dim",
    layers="n_layers",
    heads="n_heads",
    wide="hidden_dim",
    gelu="activation",
    parts=_DISTILBERT_PARTS,
    dense="pre_classifier",
    activation="Relu",
    classes="classifier",
    types=False,
    shifted=False,
)
FAMILIES: Mapping[str, Family] = {
    "bert": _BERT,
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
    "distilbert": _DISTILBERT,
}


def classifier(name: str, config: Mapping[str, Any], weights: Mapping[str, Floats]) -> Classifier:
    """The classifier that a configuration and its weights describe.

    Raises:
        Fatal: the model is of another family, or something of it is missing or has another shape; says what.
    """
    kind = config.get("model_type")
    family = FAMILIES.get(str(kind))
    if family is None:
        raise Fatal(f"model {name}: its type is {kind!r}; what can be converted: {', '.join(FAMILIES)}")
    try:
        if config[family.gelu] != "gelu":
            raise Fatal(f"model {name}: its activation is {config[family.gelu]!r}, not 'gelu'")
        if config.get("position_embedding_type", "absolute") != "absolute":
            raise Fatal(
                f"model {name}: its positions are {config['position_embedding_type']!r}, not 'absolute'"
            )
        return _classifier(family, config, _Weights(name, _modern(weights)))
    except KeyError as error:
        raise Fatal(f"model {name}: config.json lacks {error}") from error


class _Weights:
    """Weights by name; those of linear layers turned round, for they are kept as (out, in)."""

    def __init__(self, name: str, weights: Mapping[str, Floats]) -> None:
        self._name = name
        self._weights = weights

    def array(self, name: str, *shape: int | None) -> Floats:
        if name not in self._weights:
            raise Fatal(f"model {self._name}: the weights {name!r} are missing")
        found = self._weights[name]
        if len(found.shape) != len(shape) or any(
            wanted not in {None, size} for wanted, size in zip(shape, found.shape, strict=True)
        ):
            raise Fatal(f"model {self._name}: {name!r} has shape {found.shape}, not {shape}")
        return found

    def linear(self, name: str, inputs: int, outputs: int) -> Linear:
        weight = self.array(f"{name}.weight", outputs, inputs)
        return Linear(np.ascontiguousarray(weight.T), self.array(f"{name}.bias", outputs))

    def norm(self, name: str, hidden: int) -> Norm:
        return Norm(self.array(f"{name}.weight", hidden), self.array(f"{name}.bias", hidden))


def _modern(weights: Mapping[str, Floats]) -> dict[str, Floats]:
    """Early models call a norm's weight gamma and its bias beta."""
    return {
        name.replace(".gamma", ".weight").replace(".beta", ".bias"): value for name, value in weights.items()
    }


def _classifier(family: Family, config: Mapping[str, Any], weights: _Weights) -> Classifier:
    hidden, wide = int(config[family.hidden]), int(config[family.wide])
    labels = len(config["id2label"])
    under = f"{family.prefix}embeddings"
    positions = weights.array(f"{under}.position_embeddings.weight", None, hidden)
    if family.shifted:
        positions = positions[int(config["pad_token_id"]) + 1 :]
    positions = positions[:_MOST_TOKENS]
    if family.types:
        positions = positions + weights.array(f"{under}.token_type_embeddings.weight", None, hidden)[0]
    encoder = Encoder(
        words=weights.array(f"{under}.word_embeddings.weight", None, hidden),
        positions=positions,
        norm=weights.norm(f"{under}.LayerNorm", hidden),
        layers=[
            _layer(f"{family.prefix}{family.layer}.{at}", family, hidden, wide, weights)
            for at in range(int(config[family.layers]))
        ],
        heads=int(config[family.heads]),
        epsilon=float(config.get("layer_norm_eps", 1e-12)),
        pooling="first",
    )
    return Classifier(
        encoder,
        weights.linear(family.dense, hidden, hidden),
        family.activation,
        weights.linear(family.classes, hidden, labels),
    )


def _layer(under: str, family: Family, hidden: int, wide: int, weights: _Weights) -> Layer:
    def linear(part: str, inputs: int = hidden, outputs: int = hidden) -> Linear:
        return weights.linear(f"{under}.{family.parts[part]}", inputs, outputs)

    def norm(part: str) -> Norm:
        return weights.norm(f"{under}.{family.parts[part]}", hidden)

    return Layer(
        query=linear("query"),
        key=linear("key"),
        value=linear("value"),
        output=linear("output"),
        attention_norm=norm("attention_norm"),
        up=linear("up", hidden, wide),
        down=linear("down", wide, hidden),
        norm=norm("norm"),
    )
