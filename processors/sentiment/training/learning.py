"""The training loop: a few one-thread processes that learn from different batches and average their weights now and then."""

import math
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import distributed

from processors.sentiment.training import descent, judging, keeping
from processors.sentiment.training.batches import batches
from processors.sentiment.training.encoder import Encoder, Floats
from processors.sentiment.training.material import Sample, Sets, epoch, judged
from processors.sentiment.training.recipe import Recipe
from schemas.errors import Fatal

_SAVES = 3
"""Times an epoch is saved."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training: what all workers are given.

    Attributes:
        folder: where it keeps its state and leaves what was learnt.
        start: the weights it begins with.
        shape: layers, hidden, heads, intermediate, vocabulary, positions of the encoder.
        device: where it computes.
        minutes: the training ends by then, its learning rate having fallen all the same; None: it takes what it takes.
        batch_of: tells of each batch of the first worker: share of the training done, loss, tokens a second of all workers.
    """

    folder: Path
    recipe: Recipe
    sets: Sets
    tokenizer: str
    start: dict[str, Floats]
    shape: dict[str, int]
    device: torch.device
    minutes: float | None
    say: Callable[[str], None]
    batch_of: Callable[[float, float, float], None]


def place(recipe: Recipe) -> tuple[torch.device, Recipe]:
    """Where a training computes, and its recipe there: on a GPU, where there is one, a single worker takes the batches of all."""
    if not torch.cuda.is_available():
        return torch.device("cpu"), recipe
    together = replace(recipe, workers=1, batch_tokens=recipe.workers * recipe.batch_tokens)
    return torch.device("cuda"), together


def learn(run: Run) -> None:
    """A whole training, or the rest of it: the first worker here, the others in processes of their own. Raises Fatal where one failed."""
    # Left behind by a training that was stopped, it would be taken for this one's.
    (run.folder / "meeting").unlink(missing_ok=True)
    others = [
        multiprocessing.get_context("fork").Process(target=_work, args=(rank, run), daemon=True)
        for rank in range(1, run.recipe.workers)
    ]
    for one in others:
        one.start()
    try:
        _work(0, run)
    except RuntimeError as error:
        raise Fatal(f"training stopped: {error}") from error
    finally:
        for one in others:
            one.join(60)
            one.kill()


def _work(rank: int, run: Run) -> None:
    """One worker, from the start or from where the saved state stands, to the end of the training."""
    torch.set_num_threads(1)
    if run.recipe.workers > 1:
        distributed.init_process_group(
            "gloo",
            init_method=(run.folder / "meeting").absolute().as_uri(),
            rank=rank,
            world_size=run.recipe.workers,
        )
    torch.manual_seed(run.recipe.seed)
    _Worker(rank, run).work()
    if run.recipe.workers > 1:
        distributed.barrier()
        distributed.destroy_process_group()


class _Worker:
    def __init__(self, rank: int, run: Run) -> None:
        self._rank, self._run = rank, run
        recipe = run.recipe
        self._model = Encoder(run.shape, recipe.dropout)
        self._model.take(run.start)
        self._model.to(run.device)
        self._optimizer = descent.optimizer_of(self._model, recipe)
        self._rates = [group["lr"] for group in self._optimizer.param_groups]
        self._progress = keeping.go_on(run.folder, recipe, self._model, self._optimizer)
        self._tokenizer = Tokenizer.from_str(run.tokenizer)
        self._began = time.monotonic() - self._progress.seconds
        self._due: float | None = None
        # Each worker drops other values; a training that goes on does not draw again what it has drawn.
        torch.manual_seed(recipe.seed + rank + 1_000 * self._progress.tokens)
        if rank == 0 and self._progress.tokens:
            minutes = self._progress.seconds / 60
            run.say(f"goes on in epoch {self._progress.epoch + 1}, after {minutes:.0f} minutes")

    def work(self) -> None:
        recipe, progress = self._run.recipe, self._progress
        self._model.train()
        while progress.epoch < math.ceil(recipe.epochs) and self._epoch():
            progress.epoch, progress.batch = progress.epoch + 1, 0
            if progress.epoch < recipe.epochs:
                self._average()
                self._judge(progress.losses[-1][0])
        self._average()
        self._judge(1.0)
        self._keep()

    def _epoch(self) -> bool:
        """The rest of this pass; whether the training goes on after it."""
        run, progress = self._run, self._progress
        recipe = run.recipe
        own = self._own_batches()
        while progress.batch < len(own):
            progress.seconds = time.monotonic() - self._began
            done = self._done(len(own))
            if done >= 1:
                return False
            for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
                group["lr"] = rate * descent.share_of_rate(done, recipe.warm_up)
            batch = own[progress.batch]
            loss = descent.step(self._model, self._optimizer, batch, recipe.smoothing, run.device)
            progress.batch += 1
            progress.tokens += sum(len(one.ids) for one in batch)
            progress.losses.append((done, loss))
            if progress.batch % recipe.average_every == 0:
                self._average()
            if self._rank == 0:
                run.batch_of(done, loss, recipe.workers * progress.tokens / max(1e-9, progress.seconds))
            if progress.batch % max(1, len(own) // _SAVES) == 0:
                self._average()
                self._keep()
        return True

    def _own_batches(self) -> list[list[Sample]]:
        """This worker's share of the pass; all have the same number."""
        run, recipe, number = self._run, self._run.recipe, self._progress.epoch
        made = batches(
            epoch(run.sets, self._tokenizer, recipe, number), recipe.batch_tokens, f"{recipe.seed}/{number}"
        )
        return made[self._rank :: recipe.workers][: len(made) // recipe.workers]

    def _done(self, own: int) -> float:
        """The share of the training that is behind, 0 to 1: of the epochs, or of the time where that is more."""
        run, progress = self._run, self._progress
        done = (progress.epoch + progress.batch / own) / run.recipe.epochs
        if run.minutes is None:
            return done
        if self._due is None or progress.batch % run.recipe.average_every == 0:
            self._due = max(done, progress.seconds / 60 / run.minutes)
            if run.recipe.workers > 1:
                # Clocks differ; the workers end together, or the first to stop would be waited for.
                shared = torch.tensor(self._due)
                distributed.all_reduce(shared, distributed.ReduceOp.MAX)
                self._due = float(shared)
        return self._due

    def _average(self) -> None:
        if self._run.recipe.workers > 1:
            descent.average(self._model)

    def _judge(self, done: float) -> None:
        """Macro-F1 of each set's valid split, said and kept; the first worker's task."""
        if self._rank:
            return
        run = self._run
        samples = judged(run.sets, self._tokenizer, run.recipe)
        found = judging.scores(
            judging.predictions(self._model, samples, run.device),
            samples,
            [one.source for one in run.sets.valid],
        )
        self._progress.judged.append((done, found))
        run.say(f"{100 * done:.0f} %: macro-F1 on valid {found}")

    def _keep(self) -> None:
        if self._rank:
            return
        run = self._run
        keeping.save(run.folder, run.recipe, self._model, self._optimizer, self._progress)
        keeping.leave(run.folder, run.shape, run.recipe, run.tokenizer, self._model, self._progress)
