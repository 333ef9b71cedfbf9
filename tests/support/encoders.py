"""Encoders of random weights, and what they give worked out in plain numpy floats, for graphs to be held against."""

import numpy as np
from scipy.special import erf

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.encoder import Encoder, Norm
from processors.sentiment.graphs.ngrams import Ints


def random_weights(
    *, layers: int, hidden: int, heads: int, wide: int, vocabulary: int, max_length: int, seed: int = 3
) -> tuple[dict[str, Floats], dict[str, int]]:
    """Arrays and configuration as training writes them."""
    chance = np.random.default_rng(seed)

    def some(*shape: int, size: float = 0.1) -> Floats:
        return (size * chance.standard_normal(shape)).astype(np.float32)

    arrays = {
        "embeddings.word": some(vocabulary, hidden, size=1.0),
        "embeddings.position": some(max_length, hidden),
    }

    def add_linear(name: str, inputs: int, outputs: int) -> None:
        arrays[f"{name}.weight"] = some(inputs, outputs, size=float(inputs) ** -0.5)
        arrays[f"{name}.bias"] = some(outputs)

    def add_norm(name: str) -> None:
        arrays[f"{name}.weight"] = 1 + some(hidden)
        arrays[f"{name}.bias"] = some(hidden)

    add_norm("embeddings.norm")
    for at in range(layers):
        for one in ("query", "key", "value", "output"):
            add_linear(f"layer.{at}.attention.{one}", hidden, hidden)
        add_norm(f"layer.{at}.attention.norm")
        add_linear(f"layer.{at}.up", hidden, wide)
        add_linear(f"layer.{at}.down", wide, hidden)
        add_norm(f"layer.{at}.norm")
    add_linear("sentiment", hidden, 3)
    add_linear("emotion", hidden, 6)
    config = {
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "intermediate": wide,
        "vocabulary": vocabulary,
        "max_length": max_length,
    }
    return arrays, config


def encoded(encoder: Encoder, ids: Ints) -> Floats:
    """The vector of one text, in floats."""
    tokens = _normed(encoder.words[ids] + encoder.positions[: len(ids)], encoder.norm, encoder.epsilon)
    apart = (len(ids), encoder.heads, -1)
    for layer in encoder.layers:
        query, key, value = (
            (tokens @ one.weight + one.bias).reshape(apart).transpose(1, 0, 2)
            for one in (layer.query, layer.key, layer.value)
        )
        alike = query @ key.transpose(0, 2, 1) / np.sqrt(query.shape[2])
        shares = np.exp(alike - alike.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        attended = (shares @ value).transpose(1, 0, 2).reshape(tokens.shape)
        attended = attended @ layer.output.weight + layer.output.bias
        tokens = _normed(tokens + attended, layer.attention_norm, encoder.epsilon)
        risen = tokens @ layer.up.weight + layer.up.bias
        active = risen * (1 + erf(risen / np.sqrt(2))) / 2
        tokens = _normed(tokens + active @ layer.down.weight + layer.down.bias, layer.norm, encoder.epsilon)
    return np.asarray(tokens.mean(axis=0) if encoder.pooling == "mean" else tokens[0], dtype=np.float32)


def _normed(values: Floats, norm: Norm, epsilon: float) -> Floats:
    centred = values - values.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
    return np.asarray(centred / deviation * norm.weight + norm.bias, dtype=np.float32)
