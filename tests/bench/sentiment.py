"""Bench of the sentiment bundle and of language detection: speed on one core and macro-F1 on the valid splits, beside others.

Peers: TF-IDF + logistic regression, learnt here from the same train splits; VADER and TextBlob; and, where training has left its
weights (`--learnt FOLDER…`), the model in floats or of more layers (where it has two encoders, each on the language it reads), in PyTorch through `transformers.pipeline`. A peer that is not installed is
named and left out: `make train` builds an environment that has them. Without the shared data a generated set of the same layout
takes its place.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from processors.logic.language import detect
from processors.sentiment import SentimentModel
from processors.sentiment.labels import HEADS
from processors.sentiment.measures import measure
from processors.sentiment.training.data import SETS, Example, load
from processors.sentiment.training.learnt import ENGLISH_FOLDER, read_learnt
from tests.bench._moods import Says, pytorch, textblob, tf_idf, vader
from tests.bench.report import ROOT, Row, report
from tests.support.labelled import write_sets

_SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_TIMED = 4_000
_ALONE = 300
_SLOW = 600
"""Texts that a slow peer is timed on, spread over all."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--learnt",
        type=Path,
        nargs="+",
        default=[ROOT / "build" / "training"],
        metavar="FOLDER",
        help="folders of trainings, as of all twelve layers (`train --layers 12 --folder FOLDER`) (default: build/training)",
    )
    learnt = parser.parse_args().learnt
    with tempfile.TemporaryDirectory() as folder:
        data = _SHARED
        if not (data / SETS[0].path).exists():
            data = Path(folder)
            write_sets(data, per_label=60)
        examples = list(load(data))
    valid = [one for one in examples if one.split == "valid"]
    texts = [one.text for one in valid[:: max(1, len(valid) // _TIMED)]]
    train = [one for one in examples if one.split == "train"]
    rows = _ours(valid, texts)
    for task in HEADS:
        peer = tf_idf(train, task)
        says = _predicting(peer)
        if task == "sentiment":
            rows += _speeds("tf-idf", says, texts, 500)
        rows += _scores("tf-idf", says, task, valid)
    for name, made in (("vader", vader), ("textblob", textblob)):
        try:
            peer_says = made()
        except ModuleNotFoundError as error:
            print(f"left out: {name}, for {error.name} is not installed")
            continue
        rows += _speeds(name, peer_says, texts, 500)
        rows += _scores(name, peer_says, "sentiment", valid)
    for folder in learnt:
        rows += _pytorch(folder, valid, texts)
    report("sentiment", [*rows, *_language(valid)])


def _ours(valid: Sequence[Example], texts: list[str]) -> list[Row]:
    model = SentimentModel()

    says = _scoring(model, "sentiment")
    rows = _speeds("denyut", says, texts, 500)
    rows.append(Row("denyut@32", "texts per core-second", _speed(says, texts, 32), "1/s"))
    for task in HEADS:
        rows += _scores("denyut", _scoring(model, task), task, valid)
    for one in SETS:
        judged = [each for each in valid if each.source == one.name and getattr(each, one.task) is not None]
        found = getattr(model.probabilities([each.text for each in judged]), one.task)
        truth = [getattr(each, one.task) for each in judged]
        error = measure(found, truth, HEADS[one.task]).calibration_error
        rows.append(Row("denyut", f"{one.name} valid: calibration error", error, ""))
    return rows


def _scoring(model: SentimentModel, task: str) -> Says:
    return lambda texts: [getattr(one, task) for one in model.score(texts)]


def _predicting(peer: Pipeline) -> Says:
    return lambda texts: list(peer.predict(list(texts)))


def _pytorch(learnt: Path, valid: Sequence[Example], texts: list[str]) -> list[Row]:
    if not (learnt / "learnt.npz").is_file():
        print(
            f"left out: pytorch, for there is no {learnt / 'learnt.npz'}: name the folder of a training with --learnt"
        )
        return []
    some = texts[:: max(1, len(texts) // _SLOW)]
    config = read_learnt(learnt).config
    # Each encoder is judged on what it reads in the bundle.
    english = learnt / ENGLISH_FOLDER if (learnt / ENGLISH_FOLDER / "learnt.npz").is_file() else None
    own = [one for one in valid if not english or one.lang != "en"]
    name = f"pytorch, {config['layers']} layers, trained {config['minutes']:.0f} minutes"
    try:
        rows = _speeds(name, pytorch(learnt, "sentiment", 1), some, 1)
        speed = _speed(pytorch(learnt, "sentiment", 32), some, 32)
        rows.append(Row(name, "texts per core-second, batches of 32", speed, "1/s"))
        for task in HEADS:
            rows += _scores(name, pytorch(learnt, task, 32), task, own)
            if english:
                others = [one for one in valid if one.lang == "en"]
                rows += _scores("pytorch, English encoder", pytorch(english, task, 32), task, others)
    except ModuleNotFoundError as error:
        print(f"left out: pytorch, for {error.name} is not installed")
        return []
    return rows


def _speeds(name: str, says: Says, texts: list[str], batch: int) -> list[Row]:
    alone = texts[:: max(1, len(texts) // _ALONE)]
    return [
        Row(name, f"texts per core-second, batches of {batch}", _speed(says, texts, batch), "1/s"),
        Row(f"{name}@1", "texts per core-second, one at a time", _speed(says, alone, 1), "1/s"),
        Row(name, "one text, median", _median_ms(lambda text: says([text]), alone), "ms"),
    ]


def _scores(name: str, says: Says, task: str, valid: Sequence[Example]) -> list[Row]:
    """Macro-F1 on the sets of a task; what a peer says is given the whole probability."""
    labels = HEADS[task]
    rows = []
    for one in SETS:
        judged = [each for each in valid if each.source == one.name and getattr(each, task) is not None]
        if one.task != task or not judged:
            continue
        said = [labels.index(label) for label in says([each.text for each in judged])]
        certain = np.eye(len(labels), dtype=np.float32)[said]
        found = measure(certain, [getattr(each, task) for each in judged], labels)
        rows.append(Row(name, f"{one.name} valid: macro-F1", 100 * found.macro_f1, "%"))
    return rows


def _language(valid: Sequence[Example]) -> list[Row]:
    texts = valid[:: max(1, len(valid) // _TIMED)]
    detect("to load it")
    started = time.process_time()
    right = sum(detect(one.text) == one.lang for one in texts)
    took = time.process_time() - started
    return [
        Row("language", "texts per core-second", len(texts) / took, "1/s"),
        Row("language", "right", 100 * right / len(texts), "%"),
    ]


def _speed(says: Says, texts: list[str], batch: int) -> float:
    """Of one core: in time spent on processors, of all threads, for this machine may be shared."""
    says(texts[:batch])
    started = time.process_time()
    for at in range(0, len(texts), batch):
        says(texts[at : at + batch])
    return len(texts) / (time.process_time() - started)


def _median_ms(says: Callable[[str], object], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        started = time.perf_counter()
        says(text)
        times.append(time.perf_counter() - started)
    return 1_000 * float(np.median(times))


if __name__ == "__main__":
    main()
