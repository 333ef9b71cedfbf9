"""How weights change: the loss, the optimizer with its learning rates, and the mean over workers."""

from collections.abc import Sequence

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from processors.sentiment.training.encoder import Encoder
from processors.sentiment.training.judging import padded
from processors.sentiment.training.material import Sample
from processors.sentiment.training.recipe import Recipe

_CLIP = 1.0
_WEIGHT_DECAY = 0.01


def optimizer_of(model: Encoder, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW; the nearer to the words, the slower."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if name.startswith(("sentiment", "emotion")):
            rate = recipe.head_rate
        else:
            depth = int(name.split(".")[1]) + 1 if name.startswith("layer.") else 0
            rate = recipe.rate * recipe.decay ** (recipe.layers - depth)
        decayed = _WEIGHT_DECAY if parameter.ndim > 1 and not name.startswith("embeddings.") else 0.0
        groups.setdefault((rate, decayed), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "lr": rate, "weight_decay": decayed}
            for (rate, decayed), parameters in groups.items()
        ],
        betas=(0.9, 0.98),
        fused=True,
    )


def share_of_rate(done: float, warm_up: float) -> float:
    """What of the highest rate holds when so much of the training is done: it rises, then falls to nothing."""
    return done / warm_up if done < warm_up else max(0.0, (1 - done) / (1 - warm_up))


def step(
    model: Encoder,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[Sample],
    smoothing: float,
    device: torch.device,
) -> float:
    """Learn from one batch; the loss it had before."""
    with torch.autocast(device.type, dtype=torch.bfloat16):
        sentiment, emotion = model(*padded(batch, device))
    loss = _loss(sentiment, [(one.sentiment, one.sentiment_weight, one.chances) for one in batch], smoothing)
    loss = loss + _loss(emotion, [(one.emotion, one.emotion_weight, ()) for one in batch], smoothing)
    loss = loss / len(batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
    optimizer.step()
    return float(loss.detach())


def average(model: Encoder) -> None:
    """Every worker's weights become the mean of all."""
    parameters = [parameter.data for parameter in model.parameters()]
    flat = torch.cat([one.view(-1) for one in parameters])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    at = 0
    for one in parameters:
        one.copy_(flat[at : at + one.numel()].view_as(one))
        at += one.numel()


def _loss(logits: Tensor, labels: Sequence[tuple[int, float, tuple[float, ...]]], smoothing: float) -> Tensor:
    """The sum of the weighted losses of those texts that have a label, or chances in place of one."""
    wanted = torch.zeros(logits.shape)
    weights = torch.zeros(len(labels))
    for row, (label, weight, chances) in enumerate(labels):
        if chances:
            wanted[row] = torch.tensor(chances)
        elif label >= 0:
            wanted[row, label] = 1
        else:
            continue
        weights[row] = weight
    each = functional.cross_entropy(
        logits.float(), wanted.to(logits.device), reduction="none", label_smoothing=smoothing
    )
    return (each * weights.to(logits.device)).sum()
