"""Trains the bundle's English encoder: the tutor's lower layers and the words it needs learn from all English sets, and from what the tutor said."""

from collections.abc import Callable
from pathlib import Path

from processors.sentiment.labels import HEADS
from processors.sentiment.normalise import normalise
from processors.sentiment.training import keeping, material, pieces, wordpieces
from processors.sentiment.training.deep import shape_of
from processors.sentiment.training.learning import Run, learn, place
from processors.sentiment.training.learnt import ENGLISH_FOLDER, arrays_of
from processors.sentiment.training.recipe import Recipe, for_english
from processors.sentiment.training.tutor import FOLDER as TUTOR

_LANGUAGE = "en"


def train(
    data: Path,
    folder: Path,
    recipe: Recipe,
    minutes: float | None,
    say: Callable[[str], None],
    batch_of: Callable[[float, float, float], None],
) -> None:
    """Train it, or go on with it where it stopped.

    Args:
        data: the folder of the sets.
        folder: of the training that it is a part of; the tutor's, which is over, lies in it beside its labels, and this one's own.
        recipe: of a training from the base, which names the tutor's labels.
        minutes: the most it may take; None: no limit.
        say: is told what happens, in lines for people.
        batch_of: is told of each batch (`Run.batch_of`).

    Raises:
        Fatal: a file is missing or is not what it should be, or a worker failed.
    """
    own = for_english(recipe)
    sets = material.only(_LANGUAGE, material.read(data, own.without, folder / material.TUTORED))
    config, whole, start = arrays_of(folder / TUTOR)
    texts = [normalise(one.text) for one in (*sets.train, *sets.tutored)]
    tokenizer, rows = wordpieces.trimmed(whole, texts, own.pieces)
    # The heads know what the tutor's topmost layer says; what a lower one says they have to learn anew.
    start = {name: one for name, one in start.items() if name.split(".")[0] not in HEADS}
    start["embeddings.word"] = start["embeddings.word"][rows]
    start["embeddings.position"] = start["embeddings.position"][: own.max_length]
    device, chosen = place(own)
    out = folder / ENGLISH_FOLDER
    out.mkdir(parents=True, exist_ok=True)
    if keeping.of_another(out, chosen):
        say(f"{out} has a training of another recipe, which is not gone on with")
    rate = pieces.unknown_rate(tokenizer, [normalise(one.text) for one in sets.valid], wordpieces.UNKNOWN)
    say(
        f"English encoder: {len(sets.train)} texts to learn from, {len(sets.tutored)} that the tutor labelled; "
        f"vocabulary of {len(rows)} pieces; {100 * rate:.4f} % of the valid splits' tokens are unknown"
    )
    learn(
        Run(
            folder=out,
            recipe=chosen,
            sets=sets,
            tokenizer=tokenizer.to_str(),
            start=start,
            shape=shape_of(start, own.layers, config["heads"]),
            device=device,
            minutes=minutes,
            say=say,
            batch_of=batch_of,
        )
    )
