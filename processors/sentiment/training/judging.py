"""What a model says of samples, and how right it is, in macro-F1 of each set."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor

from processors.sentiment.labels import HEADS
from processors.sentiment.training.encoder import Encoder, Floats
from processors.sentiment.training.material import Sample

_TOKENS = 8_192
"""Of a batch that is only judged."""
_PAD = 1


def padded(batch: Sequence[Sample], device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids, padded with 1 (`<pad>`), and where they are tokens."""
    lengths = np.array([len(one.ids) for one in batch])
    ids = np.full((len(batch), lengths.max()), _PAD, dtype=np.int64)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = one.ids
    mask = np.arange(lengths.max()) < lengths[:, None]
    return torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)


def predictions(model: Encoder, samples: Sequence[Sample], device: torch.device) -> dict[str, Floats]:
    """Logits of each head, in the order of the samples, in full precision."""
    model.eval()
    order = sorted(range(len(samples)), key=lambda at: len(samples[at].ids))
    found = {head: np.zeros((len(samples), len(labels)), dtype=np.float32) for head, labels in HEADS.items()}
    with torch.inference_mode():
        for chosen in _cut(order, samples):
            said = model(*padded([samples[at] for at in chosen], device))
            for head, logits in zip(("sentiment", "emotion"), said, strict=True):
                found[head][chosen] = logits.float().cpu().numpy()
    model.train()
    return found


def scores(logits: dict[str, Floats], samples: Sequence[Sample], sources: Sequence[str]) -> dict[str, float]:
    """Macro-F1, 0 to 100, of each source, by the head that its samples have labels of."""
    found = {}
    for name in dict.fromkeys(sources):
        own = [at for at, one in enumerate(sources) if one == name]
        head = "sentiment" if any(samples[at].sentiment >= 0 for at in own) else "emotion"
        known = [at for at in own if getattr(samples[at], head) >= 0]
        truth = [getattr(samples[at], head) for at in known]
        said = logits[head][known].argmax(axis=1)
        found[name] = round(100 * float(f1_score(truth, said, average="macro", labels=sorted(set(truth)))), 1)
    return found


def _cut(order: Sequence[int], samples: Sequence[Sample]) -> Iterator[list[int]]:
    chosen: list[int] = []
    for at in order:
        if chosen and (len(chosen) + 1) * len(samples[at].ids) > _TOKENS:
            yield chosen
            chosen = []
        chosen.append(at)
    if chosen:
        yield chosen
