"""Trains the deep part: from the base's files and the data to what was learnt, in a folder of its own; resumable."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tokenizers import Tokenizer

from processors.sentiment.bundle import Bundle
from processors.sentiment.graphs.builder import Floats
from processors.sentiment.labels import HEADS
from processors.sentiment.normalise import normalise
from processors.sentiment.training import base, keeping, material, pieces
from processors.sentiment.training.base import Base, Files
from processors.sentiment.training.learning import Run, learn, place
from processors.sentiment.training.material import Sets
from processors.sentiment.training.recipe import Recipe
from processors.sentiment.training.unpacking import unpacked
from schemas.errors import Fatal


def train(
    files: Files,
    data: Path,
    folder: Path,
    recipe: Recipe,
    minutes: float | None,
    say: Callable[[str], None],
    batch_of: Callable[[float, float, float], None],
    begin: Bundle | None = None,
) -> None:
    """Train, or go on with it where `folder` has a state of the same recipe.

    On a GPU, where there is one, by a single worker that takes the batches of all.

    Args:
        files: of the base.
        data: the folder of the sets.
        folder: gets `tokenizer.json`, `config.json`, `learnt.npz`, `curves.json`, `valid.json`.
        recipe: what was chosen by hand.
        minutes: the most it may take; None: no limit.
        say: is told what happens, in lines for people.
        batch_of: is told of each batch (`Run.batch_of`).
        begin: a bundle to go on from, its words and deep part, in place of the base's (`recipe.further`); layers above its own are the base's.

    Raises:
        Fatal: a file is missing or is not what it should be, or a worker failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device, recipe = place(recipe)
    sets = material.read(data, recipe.without, folder / material.TUTORED if recipe.tutor else None)
    say(
        f"{len(sets.train)} texts to learn from; {sets.removed} left out, for they nearly stand in a valid split"
    )
    tokenizer, start, shape = (
        _of_bundle(begin, files, recipe) if begin else _of_base(files, sets, data, recipe)
    )
    if keeping.of_another(folder, recipe):
        say(f"{folder} has a training of another recipe, which is not gone on with")
    rate = pieces.unknown_rate(tokenizer, [normalise(one.text) for one in sets.valid])
    say(
        f"vocabulary: {shape['vocabulary']} pieces; {100 * rate:.4f} % of the valid splits' tokens are unknown"
    )
    run = Run(
        folder=folder,
        recipe=recipe,
        sets=sets,
        tokenizer=tokenizer.to_str(),
        start=start,
        shape=shape,
        device=device,
        minutes=minutes,
        say=say,
        batch_of=batch_of,
    )
    learn(run)


def _of_base(
    files: Files, sets: Sets, data: Path, recipe: Recipe
) -> tuple[Tokenizer, dict[str, Floats], dict[str, int]]:
    """The base with the words that its texts and recorded posts need: tokenizer, weights, sizes."""
    learning = [normalise(one.text) for one in sets.train]
    tokenizer, rows = pieces.trimmed(files.tokenizer, [*learning, *material.unlabelled(data)], recipe.pieces)
    found = _read_base(files, recipe)
    start = dict(found.weights)
    start["embeddings.word"] = pieces.vectors(
        found.weights["embeddings.word"], rows, Tokenizer.from_file(str(files.tokenizer))
    )
    # Every token is of the first type: its vector is one with the position's.
    start["embeddings.position"] = start["embeddings.position"] + start.pop("embeddings.type")
    return tokenizer, start, shape_of(start, recipe.layers, found.heads)


def _read_base(files: Files, recipe: Recipe) -> Base:
    found = base.read(files.weights)
    if not 1 <= recipe.layers <= found.layers:
        raise Fatal(f"the recipe asks for {recipe.layers} layers; {files.weights} has {found.layers}")
    return found


def _of_bundle(
    begin: Bundle, files: Files, recipe: Recipe
) -> tuple[Tokenizer, dict[str, Floats], dict[str, int]]:
    """The same of a bundle, and of the base what it has no layers of."""
    start = unpacked(begin.model)
    trained = begin.manifest["recipe"]["deep"]
    added = range(trained["layers"], recipe.layers)
    if added:
        # The heads know what the bundle's topmost layer says; what another says they have to learn anew.
        start = {name: one for name, one in start.items() if name.split(".")[0] not in HEADS}
        upper = tuple(f"layer.{at}." for at in added)
        found = _read_base(files, recipe)
        start |= {name: one for name, one in found.weights.items() if name.startswith(upper)}
    tokenizer = Tokenizer.from_str(begin.tokenizer)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, start, shape_of(start, recipe.layers, trained["heads"])


def shape_of(start: Mapping[str, Floats], layers: int, heads: int) -> dict[str, int]:
    """Sizes of an encoder that begins with these weights, of which it takes so many layers."""
    vocabulary, hidden = start["embeddings.word"].shape
    return {
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "intermediate": start["layer.0.up.weight"].shape[1],
        "vocabulary": vocabulary,
        "positions": len(start["embeddings.position"]),
    }
