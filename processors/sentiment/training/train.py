"""One training from data to bundle: the deep part with a progress bar, its curves as a picture, then the bundle."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from processors.sentiment.bundle import Bundle, load
from processors.sentiment.training import base, curves, deep, english_part, tutor
from processors.sentiment.training.data import check_heads, sets
from processors.sentiment.training.finishing import finish_folder
from processors.sentiment.training.keeping import CURVES
from processors.sentiment.training.learnt import ENGLISH_FOLDER
from processors.sentiment.training.recipe import Recipe, beside_english, further
from schemas.errors import Fatal

PICTURE = "curves.png"
_LINES = 20
"""Lines that tell how far it is where there is no terminal to draw a bar in."""


def train(
    data: Path,
    folder: Path,
    out: Path,
    recipe: Recipe,
    minutes: float | None,
    begin: str | None,
    layers: int | None,
    heads: Sequence[str],
    jar: Path | None,
) -> None:
    """Train on the train splits under `data`, write the bundle folder `out`; tells of it on standard error.

    Args:
        data: the folder of the sets.
        folder: keeps the training's state: a training that was stopped goes on from there.
        out: the bundle folder.
        recipe: what was chosen by hand.
        minutes: the most each encoder of the deep part may take; None: no limit.
        begin: folder of a bundle trained here to go on from; None: it begins with the base.
        layers: how many the deep part gets; None: as many as the bundle has that it goes on from, or the recipe.
        heads: those that the bundle gets.
        jar: carries the base of an English tutor, which labels recorded posts first (`tutor`), and whose lower layers the bundle's English encoder begins
            with (`english_part`); None: there is neither.

    Raises:
        Fatal: no bundle can be made of these heads and sets, or the training cannot begin so; data or files of the base are missing, or a folder cannot be written.
    """
    check_heads(heads, sets(recipe.without))
    files = base.installed()
    bundle = _beginning(begin, heads, jar) if begin else None
    from_base = recipe
    if bundle:
        recipe = further(recipe, bundle, layers)
    elif layers is not None:
        recipe = replace(recipe, layers=layers)
    console = Console(stderr=True)

    def say(line: str) -> None:
        console.print(line, markup=False, highlight=False)

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.1f} %, loss {task.fields[loss]:.3f}, {task.fields[rate]:.0f} tokens/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )

    def telling(what: str) -> Callable[[float, float, float], None]:
        task = bar.add_task(what, total=1.0, loss=0.0, rate=0.0)
        told = 0

        def batch_of(done: float, loss: float, rate: float) -> None:
            nonlocal told
            bar.update(task, completed=done, loss=loss, rate=rate)
            if not console.is_terminal and int(done * _LINES) > told:
                told = int(done * _LINES)
                say(f"{what}: {100 * done:.0f} %, loss {loss:.3f}, {rate:.0f} tokens/s")

        return batch_of

    with bar:
        if jar:
            named = tutor.teach(jar, data, folder, from_base, say, telling("tutor"))
            bar.update(bar.task_ids[-1], completed=1.0)
            recipe = beside_english(recipe, named)
            english_part.train(
                data, folder, replace(from_base, tutor=named), minutes, say, telling("English")
            )
            bar.update(bar.task_ids[-1], completed=1.0)
        deep.train(files, data, folder, recipe, minutes, say, telling("learning"), bundle)
        bar.update(bar.task_ids[-1], completed=1.0)
    for one in (folder, folder / ENGLISH_FOLDER) if jar else (folder,):
        curves.draw(one / CURVES, one / PICTURE)
        say(f"curves: {one / PICTURE}")
    finish_folder(folder, data, out, say, heads)


def _beginning(begin: str, heads: Sequence[str], jar: Path | None) -> Bundle:
    """The bundle to go on from; raises Fatal where none of these heads, or without this tutor, can come of it."""
    bundle = load(begin, to_learn_on=True)
    if bundle.english_tokenizer and not jar:
        raise Fatal(
            f"{bundle.model_version} leaves English to an encoder of its own, whose tutor is needed: name its jar with --tutor, or begin with the base"
        )
    lacking = [head for head in heads if head not in bundle.manifest["labels"]]
    if lacking:
        raise Fatal(
            f"{bundle.model_version} has no {lacking[0]} head to go on from: leave it out with --heads"
        )
    return bundle
