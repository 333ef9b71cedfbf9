"""The encoder in torch: BERT's layers over the base's weights, mean pooling, two linear heads."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from processors.sentiment.labels import EMOTIONS, SENTIMENTS

Floats = NDArray[np.float32]

_EPSILON = 1e-12


class _Attention(nn.Module):
    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, eps=_EPSILON)
        self._heads = heads
        self._drop = nn.Dropout(dropout)

    def forward(self, given: Tensor, seen: Tensor) -> Tensor:
        batch, length, hidden = given.shape

        def split(value: Tensor) -> Tensor:
            return value.view(batch, length, self._heads, hidden // self._heads).transpose(1, 2)

        found = functional.scaled_dot_product_attention(
            split(self.query(given)), split(self.key(given)), split(self.value(given)), attn_mask=seen
        )
        joined = found.transpose(1, 2).reshape(batch, length, hidden)
        normed: Tensor = self.norm(given + self._drop(self.output(joined)))
        return normed


class _Layer(nn.Module):
    def __init__(self, hidden: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.attention = _Attention(hidden, heads, dropout)
        self.up = nn.Linear(hidden, inner)
        self.down = nn.Linear(inner, hidden)
        self.norm = nn.LayerNorm(hidden, eps=_EPSILON)
        self._drop = nn.Dropout(dropout)

    def forward(self, given: Tensor, seen: Tensor) -> Tensor:
        attended = self.attention(given, seen)
        normed: Tensor = self.norm(attended + self._drop(self.down(functional.gelu(self.up(attended)))))
        return normed


class _Embeddings(nn.Module):
    def __init__(self, words: int, positions: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.word = nn.Parameter(torch.zeros(words, hidden))
        self.position = nn.Parameter(torch.zeros(positions, hidden))
        self.norm = nn.LayerNorm(hidden, eps=_EPSILON)
        self._drop = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        summed = functional.embedding(ids, self.word) + self.position[: ids.shape[1]]
        dropped: Tensor = self._drop(self.norm(summed))
        return dropped


class Encoder(nn.Module):
    """`state_dict` has the names of `learnt.npz`; matrices are turned at the edges (`take`, `weights`).

    `shape` names layers, hidden, heads, intermediate, vocabulary, positions.
    """

    def __init__(self, shape: Mapping[str, int], dropout: float) -> None:
        super().__init__()
        hidden, heads, inner = shape["hidden"], shape["heads"], shape["intermediate"]
        self.embeddings = _Embeddings(shape["vocabulary"], shape["positions"], hidden, dropout)
        self.layer = nn.ModuleList(_Layer(hidden, heads, inner, dropout) for _ in range(shape["layers"]))
        self.sentiment = nn.Linear(hidden, len(SENTIMENTS))
        self.emotion = nn.Linear(hidden, len(EMOTIONS))
        self._drop = nn.Dropout(dropout)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(texts, sentiments) and (texts, emotions) as logits; `ids` and `mask` are (texts, length), `mask` true where a token is."""
        value = self.embeddings(ids)
        seen = mask[:, None, None, :]
        for layer in self.layer:
            value = layer(value, seen)
        weight = mask.unsqueeze(-1).to(value.dtype)
        pooled = self._drop((value * weight).sum(1) / weight.sum(1))
        return self.sentiment(pooled), self.emotion(pooled)

    def take(self, weights: Mapping[str, Floats]) -> None:
        """Begin with these weights; what they lack (the heads) stays as it was drawn, what is too much is left."""
        own = self.state_dict()
        for name in own:
            if name in weights:
                own[name] = torch.from_numpy(np.array(_turned(name, weights[name])))
        self.load_state_dict(own)

    def weights(self) -> dict[str, Floats]:
        """The weights as they are now."""
        return {
            name: np.ascontiguousarray(_turned(name, value.detach().float().cpu().numpy()))
            for name, value in self.state_dict().items()
        }


def _turned(name: str, value: Floats) -> Floats:
    """Torch has matrices as (out, in)."""
    return value.T if value.ndim == 2 and name.endswith(".weight") else value  # noqa: PLR2004 -- a matrix
