"""The tutor: a larger English encoder learns from the English sentiment sets, and labels what nobody labelled: recorded posts, and variants of financial tweets.

The wide part learns from its labels, and so does the bundle's English encoder, which begins with its lower layers and the words it needs (`english_part`).
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer

from processors.sentiment.graphs.builder import Floats
from processors.sentiment.graphs.heads import softmax
from processors.sentiment.labels import SENTIMENTS
from processors.sentiment.normalise import MARKERS, normalise
from processors.sentiment.training import english, judging, keeping, material, pieces
from processors.sentiment.training.data import RECORDED
from processors.sentiment.training.deep import shape_of
from processors.sentiment.training.encoder import Encoder
from processors.sentiment.training.learning import Run, learn, place
from processors.sentiment.training.material import Sample, Sets
from processors.sentiment.training.recipe import Recipe, for_tutor
from processors.sentiment.training.twins import twins
from processors.sentiment.training.variants import variants
from schemas.errors import Fatal

FOLDER = "tutor"
"""In a training's folder that of its tutor."""
_LANGUAGE = "en"
_VARIED = "tfns"
_VARIANTS = 2
"""Of each of its texts."""
_DIGITS = 3


def teach(
    jar: Path,
    data: Path,
    folder: Path,
    recipe: Recipe,
    say: Callable[[str], None],
    batch_of: Callable[[float, float, float], None],
) -> str:
    """Train the tutor, or go on with it, and write what it says of texts without a label into a training's folder, as `tutored.jsonl`.

    Args:
        jar: carries the base (`english`).
        data: the folder of the sets and of the recorded posts.
        folder: of the training that is to learn from it; the tutor's own lies in it.
        recipe: of a training from the base.
        say: is told what happens, in lines for people.
        batch_of: is told of each batch (`Run.batch_of`).

    Returns:
        What names the labels: a part of their file's sha256.

    Raises:
        Fatal: the jar or data are missing or not what they should be, or a worker failed.
    """
    own = for_tutor(recipe, english.NAME)
    sets = material.only(_LANGUAGE, material.read(data, own.without))
    texts = _to_label(data / RECORDED.path, sets, own.seed)
    run = _run(jar, folder / FOLDER, sets, own, say, batch_of)
    say(f"tutor: {len(sets.train)} English texts to learn from, {len(texts)} others to label")
    learn(run)
    chances = _said(run, texts)
    lines = [
        json.dumps(
            {
                "text": text,
                "lang": _LANGUAGE,
                "like": _VARIED,
                "sentiment": [round(float(one), _DIGITS) for one in row],
            },
            ensure_ascii=False,
        )
        for text, row in zip(texts, chances, strict=True)
    ]
    content = ("\n".join(lines) + "\n").encode()
    (folder / material.TUTORED).write_bytes(content)
    return hashlib.sha256(content).hexdigest()[:12]


def _to_label(path: Path, sets: Sets, seed: int) -> list[str]:
    """Recorded posts, and variants of the texts of one set, each once, but those that nearly stand in a valid split."""
    own = [one.text for one in sets.train if one.source == _VARIED]
    found: dict[str, str] = {}
    for text in (*_recorded(path), *variants(own, _VARIANTS, str(seed))):
        found.setdefault(normalise(text), text)
    near = twins([normalise(one.text) for one in sets.valid], list(found))
    return [text for number, text in enumerate(found.values()) if number not in near]


def _recorded(path: Path) -> list[str]:
    """Posts that were recorded. All are English, whatever a language detector made of them."""
    try:
        return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise Fatal(
            f"the tutor needs posts to label: {path} cannot be read: {error.strerror}; train without one"
        ) from error
    except (ValueError, KeyError) as error:
        raise Fatal(f"{path} is not JSON lines with a text: {error!r}") from error


def _run(
    jar: Path,
    folder: Path,
    sets: Sets,
    recipe: Recipe,
    say: Callable[[str], None],
    batch_of: Callable[[float, float, float], None],
) -> Run:
    found = english.read(jar)
    plain = Tokenizer.from_str(found.tokenizer)
    plain.no_padding()
    plain.no_truncation()
    words = plain.get_vocab_size()
    start = dict(found.base.weights)
    start["embeddings.word"] = pieces.vectors(
        start["embeddings.word"], [*range(words), *[-1] * len(MARKERS)], plain
    )
    start["embeddings.position"] = start["embeddings.position"] + start.pop("embeddings.type")
    plain.add_tokens([AddedToken(one, lstrip=True, normalized=False) for one in MARKERS])
    folder.mkdir(parents=True, exist_ok=True)
    device, chosen = place(recipe)
    return Run(
        folder=folder,
        recipe=chosen,
        sets=sets,
        tokenizer=plain.to_str(),
        start=start,
        shape=shape_of(start, recipe.layers, found.base.heads),
        device=device,
        minutes=None,
        say=say,
        batch_of=batch_of,
    )


def _said(run: Run, texts: list[str]) -> Floats:
    """(texts, sentiments): what the trained tutor makes of them."""
    model = Encoder(run.shape, 0.0)
    with np.load(run.folder / keeping.LEARNT, allow_pickle=False) as file:
        model.take({name: file[name] for name in file.files})
    model.to(run.device)
    cut = material.tokens(Tokenizer.from_str(run.tokenizer), texts, run.recipe.max_length)
    samples = [Sample(one, -1, -1, 0.0, 0.0) for one in cut]
    # In half the bits, as it learnt.
    with torch.autocast(run.device.type, dtype=torch.bfloat16):
        logits = judging.predictions(model, samples, run.device)["sentiment"]
    return np.asarray(softmax(logits), dtype=np.float32).reshape(len(texts), len(SENTIMENTS))
