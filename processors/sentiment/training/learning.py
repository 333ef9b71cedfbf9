"""The training loop: a few one-thread processes that learn from different batches and average their weights now and then."""

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import f1_score
from tokenizers import Tokenizer
from torch import Tensor, distributed, nn
from torch.nn import functional

from processors.sentiment.training.batches import batches
from processors.sentiment.training.encoder import Encoder, Floats
from processors.sentiment.training.material import Sample, Sets, epoch, judged
from processors.sentiment.training.recipe import Recipe

LEARNT = "learnt.npz"
CONFIG = "config.json"
CURVES = "curves.json"
_CLIP = 1.0
_WEIGHT_DECAY = 0.01
_SAVES = 3
"""Times an epoch is saved."""
_JUDGE_TOKENS = 8_192


@dataclass(frozen=True, slots=True)
class Run:
    """One training: what all workers are given.

    Attributes:
        folder: where it keeps its state and leaves what was learnt.
        start: the weights it begins with.
        shape: words, positions, hidden, heads, inner of the encoder.
        minutes: the training ends by then, its learning rate having fallen all the same; None: it takes what it takes.
        batch_of: tells of each batch of the first worker: share of the training done, loss, tokens a second.
    """

    folder: Path
    recipe: Recipe
    sets: Sets
    tokenizer: str
    start: dict[str, Floats]
    shape: tuple[int, int, int, int, int]
    minutes: float | None
    say: Callable[[str], None]
    batch_of: Callable[[float, float, float], None]


@dataclass(slots=True)
class _Progress:
    """How far a worker is; saved with its weights."""

    epoch: int = 0
    batch: int = 0
    tokens: int = 0
    seconds: float = 0.0
    losses: list[tuple[float, float]] = field(default_factory=list)
    judged: list[tuple[float, dict[str, float]]] = field(default_factory=list)


def work(rank: int, run: Run) -> None:
    """One worker, from the start or from where its saved state stands, to the end of the training."""
    torch.set_num_threads(1)
    recipe = run.recipe
    torch.manual_seed(recipe.seed + rank)
    if recipe.workers > 1:
        meeting = run.folder / "meeting"
        distributed.init_process_group(
            "gloo", init_method=f"file://{meeting}", rank=rank, world_size=recipe.workers
        )
    model = Encoder(*run.shape, recipe.layers, recipe.dropout)
    model.take(run.start)
    optimizer = _optimizer(model, recipe)
    progress = _Progress()
    saved = run.folder / f"state-{rank}.pt"
    if saved.exists():
        state: dict[str, Any] = torch.load(saved, weights_only=False)
        if state["recipe"] == asdict(recipe):
            model.load_state_dict(state["model"])
            optimizer.load_state_dict(state["optimizer"])
            torch.set_rng_state(state["chance"])
            progress = _Progress(**state["progress"])
            if rank == 0:
                run.say(f"goes on in epoch {progress.epoch + 1} after {progress.seconds / 60:.0f} minutes")
    if recipe.workers > 1:
        _averaged(model)
    tokenizer = Tokenizer.from_str(run.tokenizer)
    _learn(rank, run, model, optimizer, progress, tokenizer, saved)
    if recipe.workers > 1:
        _averaged(model)
    if rank == 0:
        _judge(run, model, progress, tokenizer, 1.0)
        _leave(run, model, progress)
    if recipe.workers > 1:
        distributed.barrier()
        distributed.destroy_process_group()


def _learn(
    rank: int,
    run: Run,
    model: Encoder,
    optimizer: torch.optim.Optimizer,
    progress: _Progress,
    tokenizer: Tokenizer,
    saved: Path,
) -> None:
    recipe = run.recipe
    began = time.monotonic() - progress.seconds
    rates = [group["lr"] for group in optimizer.param_groups]
    model.train()
    while progress.epoch < math.ceil(recipe.epochs):
        made = batches(
            epoch(run.sets, tokenizer, recipe, progress.epoch),
            recipe.batch_tokens,
            f"{recipe.seed}/{progress.epoch}",
        )
        own = made[rank :: recipe.workers][: len(made) // recipe.workers]
        while progress.batch < len(own):
            progress.seconds = time.monotonic() - began
            done = _done(run, progress, len(own))
            if done >= 1:
                return
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * _share_of_rate(done, recipe.warm_up)
            batch = own[progress.batch]
            loss = _step(model, optimizer, batch, recipe)
            progress.batch += 1
            progress.tokens += sum(len(one.ids) for one in batch)
            progress.losses.append((done, loss))
            if recipe.workers > 1 and progress.batch % recipe.average_every == 0:
                _averaged(model)
            if rank == 0:
                run.batch_of(done, loss, recipe.workers * progress.tokens / max(1e-9, progress.seconds))
            if progress.batch % max(1, len(own) // _SAVES) == 0:
                if recipe.workers > 1:
                    _averaged(model)
                _save(run, model, optimizer, progress, saved)
                if rank == 0:
                    _leave(run, model, progress)
        progress.epoch, progress.batch = progress.epoch + 1, 0
        if rank == 0 and progress.epoch < recipe.epochs:
            _judge(run, model, progress, tokenizer, progress.epoch / recipe.epochs)


def _done(run: Run, progress: _Progress, own: int) -> float:
    """The share of the training that is behind, 0 to 1: of the epochs, or of the time where that is less."""
    done = (progress.epoch + progress.batch / own) / run.recipe.epochs
    if run.minutes is not None:
        done = max(done, progress.seconds / 60 / run.minutes)
    if run.recipe.workers > 1:
        # The workers end together, or the first to stop would be waited for.
        shared = torch.tensor(done)
        distributed.all_reduce(shared, distributed.ReduceOp.MAX)
        done = float(shared)
    return done


def _step(model: Encoder, optimizer: torch.optim.Optimizer, batch: Sequence[Sample], recipe: Recipe) -> float:
    ids, mask = padded(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sentiment, emotion = model(ids, mask)
    loss = _loss(sentiment, [(one.sentiment, one.sentiment_weight) for one in batch], recipe.smoothing)
    loss = loss + _loss(emotion, [(one.emotion, one.emotion_weight) for one in batch], recipe.smoothing)
    loss = loss / len(batch)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), _CLIP)
    optimizer.step()
    return float(loss.detach())


def _loss(logits: Tensor, labels: Sequence[tuple[int, float]], smoothing: float) -> Tensor:
    """The sum of the weighted losses of those texts that have a label."""
    classes = torch.tensor([label for label, _ in labels])
    weights = torch.tensor([weight for _, weight in labels])
    each = functional.cross_entropy(
        logits.float(), classes, reduction="none", ignore_index=-1, label_smoothing=smoothing
    )
    return (each * weights).sum()


def padded(batch: Sequence[Sample]) -> tuple[Tensor, Tensor]:
    """Ids, padded with 1 (`<pad>`), and where they are tokens."""
    widest = max(len(one.ids) for one in batch)
    ids = np.ones((len(batch), widest), dtype=np.int64)
    for row, one in enumerate(batch):
        ids[row, : len(one.ids)] = one.ids
    mask = np.arange(widest) < np.array([len(one.ids) for one in batch])[:, None]
    return torch.from_numpy(ids), torch.from_numpy(mask)


def _share_of_rate(done: float, warm_up: float) -> float:
    return done / warm_up if done < warm_up else max(0.0, (1 - done) / (1 - warm_up))


def _optimizer(model: Encoder, recipe: Recipe) -> torch.optim.Optimizer:
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


def _averaged(model: Encoder) -> None:
    """Every worker's weights become the mean of all."""
    parameters = [parameter.data for parameter in model.parameters()]
    flat = torch.cat([one.view(-1) for one in parameters])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    at = 0
    for one in parameters:
        one.copy_(flat[at : at + one.numel()].view_as(one))
        at += one.numel()


def predictions(model: Encoder, samples: Sequence[Sample]) -> tuple[Floats, Floats]:
    """Logits of both heads, in the order of the samples."""
    model.eval()
    order = sorted(range(len(samples)), key=lambda at: len(samples[at].ids))
    sentiment = np.zeros((len(samples), 3), dtype=np.float32)
    emotion = np.zeros((len(samples), 6), dtype=np.float32)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for chosen in _cut(order, samples):
            found = model(*padded([samples[at] for at in chosen]))
            sentiment[chosen], emotion[chosen] = (one.float().numpy() for one in found)
    model.train()
    return sentiment, emotion


def _cut(order: Sequence[int], samples: Sequence[Sample]) -> Iterator[list[int]]:
    chosen: list[int] = []
    for at in order:
        if chosen and (len(chosen) + 1) * len(samples[at].ids) > _JUDGE_TOKENS:
            yield chosen
            chosen = []
        chosen.append(at)
    if chosen:
        yield chosen


def _judge(run: Run, model: Encoder, progress: _Progress, tokenizer: Tokenizer, done: float) -> None:
    """Macro-F1 of each set's valid split, said and kept."""
    samples = judged(run.sets, tokenizer, run.recipe)
    sentiment, emotion = predictions(model, samples)
    scores = {}
    for name in dict.fromkeys(one.source for one in run.sets.valid):
        own = [at for at, one in enumerate(run.sets.valid) if one.source == name]
        head, classes = sentiment, [samples[at].sentiment for at in own]
        if all(one < 0 for one in classes):
            head, classes = emotion, [samples[at].emotion for at in own]
        known = [at for at, label in zip(own, classes, strict=True) if label >= 0]
        truth = [label for label in classes if label >= 0]
        scores[name] = round(
            100 * float(f1_score(truth, head[known].argmax(1), average="macro", labels=sorted(set(truth)))), 1
        )
    progress.judged.append((done, scores))
    run.say(f"{100 * done:.0f} %: macro-F1 on valid {scores}")


def _save(
    run: Run, model: Encoder, optimizer: torch.optim.Optimizer, progress: _Progress, path: Path
) -> None:
    state = {
        "recipe": asdict(run.recipe),
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "chance": torch.get_rng_state(),
        "progress": asdict(progress),
    }
    partly = path.with_suffix(".partly")
    torch.save(state, partly)
    os.replace(partly, path)


def _leave(run: Run, model: Encoder, progress: _Progress) -> None:
    """What was learnt so far, for whoever makes a bundle of it."""
    words, positions, hidden, heads, inner = run.shape
    config = {
        "layers": run.recipe.layers,
        "hidden": hidden,
        "heads": heads,
        "intermediate": inner,
        "vocabulary": words,
        "positions": positions,
        "max_length": run.recipe.max_length,
        "recipe": asdict(run.recipe),
        "minutes": round(progress.seconds / 60, 1),
    }
    (run.folder / CONFIG).write_text(json.dumps(config, indent=2), encoding="utf-8")
    (run.folder / CURVES).write_text(
        json.dumps({"losses": progress.losses, "judged": progress.judged}), encoding="utf-8"
    )
    partly = run.folder / "learnt.partly.npz"
    np.savez(partly, **model.weights())  # type: ignore[arg-type]  # numpy's stubs take names for options
    os.replace(partly, run.folder / LEARNT)
