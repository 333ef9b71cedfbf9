"""Judges a bundle on files of labelled texts, whole and per language, and says how fast it was."""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from processors.sentiment.labels import HEADS
from processors.sentiment.measures import Measures, measure
from processors.sentiment.model import SentimentModel
from schemas.errors import Fatal

_SINGLES = 200


@dataclass(frozen=True, slots=True)
class Report:
    """One file.

    Attributes:
        file: its path as given.
        task: the head that was judged.
        left_out: texts per label that the bundle does not know; they were not judged.
        overall: all judged texts, None where there is none.
        languages: the same per `lang`.
        texts_per_second: scored in batches, tokenisation included.
        p50_ms: median milliseconds of one text alone.
    """

    file: str
    task: str
    left_out: dict[str, int]
    overall: Measures | None
    languages: dict[str, Measures]
    texts_per_second: float
    p50_ms: float


def evaluate(model: SentimentModel, file: Path, task: str | None = None, split: str | None = None) -> Report:
    """Score a file of JSON lines with `text`, `label` and, if known, `lang`.

    Without `task` the head is the one that knows more of the labels. With `split`, lines whose `split` is another
    are passed over.

    Raises:
        Fatal: the file cannot be read, or a line lacks its text or label.
    """
    rows = read(file, split)
    return judge(model, rows, str(file), task or _task_of([row["label"] for row in rows]))


def judge(model: SentimentModel, rows: Sequence[Mapping[str, Any]], name: str, task: str) -> Report:
    """Score rows with `text`, `label` and, if known, `lang`; raises Fatal where the bundle lacks the head."""
    if task not in model.bundle.manifest["labels"]:
        raise Fatal(f"{name}: the bundle {model.model_version} has no {task} head")
    labels: Sequence[str] = model.bundle.sentiments if task == "sentiment" else model.bundle.emotions
    known = [row for row in rows if row["label"] in labels]
    left_out = Counter(row["label"] for row in rows if row["label"] not in labels)
    texts = [row["text"] for row in known]
    started = time.perf_counter()
    found = model.probabilities(texts)
    took = time.perf_counter() - started
    probabilities = found.sentiment if task == "sentiment" else found.emotion
    languages = np.array([row.get("lang") or "und" for row in known])
    truth = np.array([row["label"] for row in known])
    return Report(
        file=name,
        task=task,
        left_out=dict(sorted(left_out.items())),
        overall=measure(probabilities, truth.tolist(), labels) if known else None,
        languages={
            str(one): measure(probabilities[languages == one], truth[languages == one].tolist(), labels)
            for one in np.unique(languages)
        },
        texts_per_second=len(texts) / max(took, 1e-9),
        p50_ms=_alone(model, texts[:_SINGLES]),
    )


def as_json(model: SentimentModel, reports: Sequence[Report]) -> str:
    """Reports for programs: one object with the bundle's version and a list of files."""
    return json.dumps(
        {"model_version": model.model_version, "files": [asdict(one) for one in reports]}, indent=2
    )


def as_text(report: Report) -> str:
    """A report for people."""
    lines = [f"{report.file}  ({report.task})"]
    lines += [
        f"  left out, label unknown: {label} ({texts} texts)" for label, texts in report.left_out.items()
    ]
    if report.overall is None:
        return "\n".join([*lines, "  no text with a label that this bundle knows"])
    lines.append("             texts  macro-F1  accuracy  recall  calibration error")
    for name, found in [("all", report.overall), *report.languages.items()]:
        lines.append(
            f"  {name:<9} {found.texts:>6}  {100 * found.macro_f1:>8.1f}  {100 * found.accuracy:>8.1f}"
            f"  {100 * found.macro_recall:>6.1f}  {found.calibration_error:>17.3f}"
        )
    lines += _confusion(report.overall.confusion)
    lines.append(
        f"  {report.texts_per_second:,.0f} texts/s in batches, {report.p50_ms:.2f} ms for one alone (median)"
    )
    return "\n".join(lines)


def _confusion(confusion: dict[str, dict[str, int]]) -> list[str]:
    columns = list(next(iter(confusion.values())))
    head = "  true, predicted →" + "".join(f"{label:>10}" for label in columns)
    return [
        head,
        *(
            f"  {true:<17}" + "".join(f"{row[label]:>10}" for label in columns)
            for true, row in confusion.items()
        ),
    ]


def read(file: Path, split: str | None = None) -> list[dict[str, Any]]:
    """The lines of a file, checked; those of one split where one is named. Raises Fatal, naming file and line."""
    rows = []
    try:
        with file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                if not isinstance(row, dict) or not all(
                    isinstance(row.get(key), str) for key in ("text", "label")
                ):
                    raise Fatal(f"{file}, line {number}: needs a text and a label, both strings")
                if split is None or row.get("split") == split:
                    rows.append(row)
    except OSError as error:
        raise Fatal(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Fatal(f"{file} is not UTF-8 JSON lines: {error}") from error
    return rows


def _task_of(labels: Sequence[str]) -> str:
    return max(HEADS, key=lambda head: sum(label in HEADS[head] for label in labels))


def _alone(model: SentimentModel, texts: Sequence[str]) -> float:
    times = []
    for text in texts:
        started = time.perf_counter()
        model.probabilities([text])
        times.append(time.perf_counter() - started)
    return 1_000 * float(np.median(times)) if times else 0.0
