"""Bench of the sentiment bundle and of language detection: speed on one core, macro-F1 beside TF-IDF + logistic regression.

The peer is trained here on the same train splits, one model per task, words and word pairs after the same normaliser; both
are judged on the valid splits. Without the shared data a generated set of the same layout takes its place.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from processors.logic.language import detect
from processors.sentiment import SentimentModel
from processors.sentiment.training.data import SETS, Example, load
from processors.sentiment.measures import measure
from processors.sentiment.normalise import normalise
from tests.bench.report import Row, report
from tests.support.labelled import write_sets

_SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
_TIMED = 4_000
_ALONE = 300


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = _SHARED
        if not (data / SETS[0].path).exists():
            data = Path(folder)
            write_sets(data, per_label=60)
        examples = list(load(data))
    valid = [one for one in examples if one.split == "valid"]
    texts = [one.text for one in valid[:: max(1, len(valid) // _TIMED)]]
    model = SentimentModel()
    peer = _peer([one for one in examples if one.split == "train"])
    rows = [
        Row(
            "denyut",
            "texts per core-second, batches of 500",
            _speed(model.score, texts, 500),
            "1/s",
        ),
        Row(
            "denyut@1",
            "texts per core-second, one at a time",
            _speed(model.score, texts[:_ALONE], 1),
            "1/s",
        ),
        Row("denyut", "one text, median", _median_ms(lambda text: model.score([text]), texts[:_ALONE]), "ms"),
        Row(
            "tf-idf",
            "texts per core-second, batches of 500",
            _speed(peer["sentiment"].predict_proba, texts, 500),
            "1/s",
        ),
        Row(
            "tf-idf",
            "one text, median",
            _median_ms(lambda text: peer["sentiment"].predict_proba([text]), texts[:_ALONE]),
            "ms",
        ),
    ]
    for one in SETS:
        rows += _scores(one.task, one.name, [each for each in valid if each.source == one.name], model, peer)
    rows += _language(valid)
    report("sentiment", rows)


def _peer(train: Sequence[Example]) -> dict[str, Pipeline]:
    found = {}
    for task in ("sentiment", "emotion"):
        labelled = [one for one in train if getattr(one, task) is not None and one.borrowed != task]
        words = TfidfVectorizer(
            preprocessor=normalise,
            token_pattern=r"\w+|[^\w\s]+",
            ngram_range=(1, 2),
            min_df=2,
            sublinear_tf=True,
        )
        model = make_pipeline(words, LogisticRegression(C=10, max_iter=80, tol=1e-3))
        found[task] = model.fit([one.text for one in labelled], [getattr(one, task) for one in labelled])
    return found


def _scores(
    task: str, name: str, valid: Sequence[Example], model: SentimentModel, peer: dict[str, Pipeline]
) -> list[Row]:
    judged = [one for one in valid if getattr(one, task) is not None]
    texts, truth = [one.text for one in judged], [getattr(one, task) for one in judged]
    found = model.probabilities(texts)
    mine = measure(getattr(found, task), truth, getattr(model.bundle, f"{task}s"))
    other = measure(peer[task].predict_proba(texts).astype(np.float32), truth, list(peer[task].classes_))
    return [
        Row(who, f"{name} valid: {what}", value, unit)
        for who, measures in (("denyut", mine), ("tf-idf", other))
        for what, value, unit in (
            ("macro-F1", 100 * measures.macro_f1, "%"),
            ("calibration error", measures.calibration_error, ""),
        )
    ]


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


def _speed(score: Callable[[list[str]], object], texts: list[str], batch: int) -> float:
    """Of one core: in time spent on processors, of all threads, for this machine may be shared."""
    score(texts[:batch])
    started = time.process_time()
    for at in range(0, len(texts), batch):
        score(texts[at : at + batch])
    return len(texts) / (time.process_time() - started)


def _median_ms(score: Callable[[str], object], texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        started = time.perf_counter()
        score(text)
        times.append(time.perf_counter() - started)
    return 1_000 * float(np.median(times))


if __name__ == "__main__":
    main()
