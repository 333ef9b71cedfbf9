"""Bench of topics: NMI, B-cubed F1, coherence, stability and speed beside plain TF-IDF with KMeans, and beside another design.

Sets: stories generated from many subjects with noise and drift (three seeds), always; and, where ../shared/data is there, tweets that
name one ticker, whose subject is the ticker. Every figure is a mean over the states of a rolling window. Contenders: `denyut`;
`tf-idf+kmeans`, 1,000 words and 10 clusters of the whole window (and with 40 clusters, which nobody could know); `neighbours`,
where a story goes where its ten nearest stories are, at the better of some thresholds.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from tests.bench._neighbours import neighbours
from tests.bench.report import Row, report
from tests.support.clusters import Quality, State, quality
from tests.support.subjects import written
from tests.support.topic_ways import ours, plain, words_of

_TWEETS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "events" / "stocknet_2015.jsonl"
_SEEDS = (1, 2, 3)
_STORIES = 1_800
_WINDOW = 900
_STEP = 300
_THRESHOLDS = (0.08, 0.12, 0.16, 0.2)

Labelled = Sequence[tuple[str, str | None]]
Way = Callable[[Sequence[str]], list[State]]


def main() -> None:
    sets = {f"generated {seed}": _generated(seed) for seed in _SEEDS}
    if _TWEETS.exists():
        sets["tweets"] = _tweets()
    else:
        print(f"left out: tweets, for {_TWEETS} is not there")
    rows: list[Row] = []
    for name, labelled in sets.items():
        rows += _rows("denyut", name, labelled, lambda texts: ours(texts, _WINDOW, _STEP), speed=True)
        rows += _rows(
            "denyut@one-pass", name, labelled, lambda texts: ours(texts, _WINDOW, _STEP, survey=10**9)
        )
        rows += _rows("tf-idf+kmeans", name, labelled, lambda texts: plain(texts, _WINDOW, _STEP))
        rows += _rows("tf-idf+kmeans@40", name, labelled, lambda texts: plain(texts, _WINDOW, _STEP, 40))
        rows += _neighbours(name, labelled)
    report("topics", rows)


def _generated(seed: int) -> Labelled:
    return [(one.text, None if one.subject is None else str(one.subject)) for one in written(seed, _STORIES)]


def _tweets() -> Labelled:
    found: dict[str, str] = {}
    with _TWEETS.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            if len(set(told["symbols"])) == 1:
                # What is said again word for word is one story.
                found.setdefault(told["text"], told["symbols"][0])
            if len(found) == _STORIES:
                break
    return list(found.items())


def _rows(contender: str, name: str, labelled: Labelled, way: Way, *, speed: bool = False) -> list[Row]:
    began = time.perf_counter()
    states = way([text for text, _ in labelled])
    took = time.perf_counter() - began
    rows = _figures(contender, name, _quality(states, labelled))
    if speed:
        rows.append(Row(contender, f"{name}: stories per second", len(labelled) / took, "1/s"))
    return rows


def _neighbours(name: str, labelled: Labelled) -> list[Row]:
    texts = [text for text, _ in labelled]
    found = [_quality(neighbours(texts, _WINDOW, _STEP, alike), labelled) for alike in _THRESHOLDS]
    return _figures("neighbours", name, max(found, key=lambda one: one.b_cubed))


def _quality(states: Sequence[State], labelled: Labelled) -> Quality:
    labels: Mapping[int, str] = {
        number: label for number, (_, label) in enumerate(labelled) if label is not None
    }
    return quality(states, labels, {number: words_of(text) for number, (text, _) in enumerate(labelled)})


def _figures(contender: str, name: str, found: Quality) -> list[Row]:
    return [Row(contender, f"{name}: {one.name}", getattr(found, one.name), "") for one in fields(found)]


if __name__ == "__main__":
    main()
