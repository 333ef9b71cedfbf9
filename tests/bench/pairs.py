"""Bursts of word pairs on generated posts with planted ones and traps: precision, recall, time to detection, and what it costs.

Peers count exactly, without a bound: so many posts in an hour, or so many deviations above the mean of the 24 hours before. Their
thresholds are chosen on one world and all are judged on another. Ours stands as the settings have it.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np

from processors.logic.pairs.counted import Counted, count
from processors.logic.pairs.wording import Wording
from tests.bench.report import Row, report
from tests.support.planted_pairs import HOUR, MINUTE, World, build, polled
from tests.support.watching import LIMITS, Watcher

_CALIBRATED, _JUDGED = 1, 2
_RATES = (30, 300)
_DAYS = 4
_HISTORY = 24
_POLLED = 15 * MINUTE
_COUNTS = range(5, 31)
_DEVIATIONS = [one / 2 for one in range(4, 40)]


@dataclass(frozen=True, slots=True)
class Told:
    """A pair that is said to be unusual, in the window that begins at `start`, at the moment `at`."""

    name: str
    start: int
    at: int


Detector = Callable[[World, float], list[Told]]


def main() -> int:
    """Measure; the exit code."""
    rows: list[Row] = []
    for rate in _RATES:
        calibrated, judged = (
            build(seed, days=_DAYS, an_hour=rate, bursts=40, traps=12) for seed in (_CALIBRATED, _JUDGED)
        )
        rows += _cost(judged, rate)
        for name, seen in (
            ("streamed", [(post.event_at, post) for post in judged.posts]),
            ("polled", polled(judged, _POLLED)),
        ):
            rows += _ours(f"denyut_{name}@{rate}", judged, seen)
        for name, detector, thresholds in (
            ("count_threshold", _counts, _COUNTS),
            ("mean_k_sigma@24h", _deviations, _DEVIATIONS),
        ):
            best = max(thresholds, key=lambda one: _judge(calibrated, detector(calibrated, one))[0])
            rows += _figures(f"{name}@{rate}", _judge(judged, detector(judged, best)))
    report("pairs", rows)
    return 0


def _ours(name: str, world: World, seen: Sequence[tuple[int, Wording]]) -> list[Row]:
    """What is found, and when, where posts are seen at these moments and the clock says what is over."""
    told = [
        Told(one["subject"], one["start"], at)
        for at, one in Watcher().tell_seen(seen)
        if one["score"] >= LIMITS.bounds.score
    ]
    return _figures(name, _judge(world, told))


def _cost(world: World, rate: int) -> list[Row]:
    watcher = Watcher()
    before = time.process_time()
    watcher.tell_all(world.posts, 300)
    spent = time.process_time() - before
    name = f"denyut@{rate}"
    return [
        Row(name, "watching", 1e6 * spent / len(world.posts), "µs of CPU a post"),
        Row(name, "posts", len(world.posts), "posts"),
        Row(name, "sketch", sum(map(len, watcher.tables["sketches"].values())) / 1024, "KiB of rows"),
        Row(name, "told", len(watcher.trends), "trends"),
        Row(
            name,
            "pairs",
            len({pair for one in _hours(world) for pair in one.pairs.tolist()}),
            "different pairs",
        ),
    ]


def _figures(name: str, verdict: tuple[float, float, float, int, Sequence[float]]) -> list[Row]:
    f1, precision, recall, false, delays = verdict
    return [
        Row(name, "f1", f1, ""),
        Row(name, "precision", precision, ""),
        Row(name, "recall", recall, ""),
        Row(name, "false_alerts", false, "pairs"),
        Row(name, "time_to_detection_p50", statistics.median(delays) if delays else math.nan, "min"),
    ]


def _judge(world: World, told: Iterable[Told]) -> tuple[float, float, float, int, Sequence[float]]:
    """(F1, precision, recall, false alerts, minutes from a burst's begin to its first alert).

    A pair told of within six hours is one alert. One that shares a word with a burst of that time is of the same burst, neither right nor wrong.
    """
    bursts = [one for one in world.bursts if not one.trap]
    found: dict[int, float] = {}
    false: dict[str, int] = {}
    wrong = 0
    for one in sorted(told, key=lambda each: each.at):
        near = [
            (number, burst)
            for number, burst in enumerate(bursts)
            if burst.start < one.at and one.start < burst.end
        ]
        right = [(number, burst) for number, burst in near if burst.name == one.name]
        for number, burst in right:
            found.setdefault(number, (one.at - burst.start) / MINUTE)
        words = set(one.name.split(" "))
        if right or any(words & set(burst.name.split(" ")) for _, burst in near):
            continue
        wrong += one.at - false.get(one.name, 0) > 6 * HOUR
        false[one.name] = one.at
    recall = len(found) / len(bursts)
    precision = len(found) / (len(found) + wrong) if found else 0.0
    f1 = 2 * precision * recall / (precision + recall) if found else 0.0
    return f1, precision, recall, wrong, list(found.values())


def _hours(world: World) -> list[Counted]:
    known = _COUNTED.get(id(world))
    if known is None:
        by_hour = groupby(world.posts, key=lambda post: post.event_at // HOUR)
        known = _COUNTED[id(world)] = [count(list(posts)) for _, posts in by_hour]
    return known


_COUNTED: dict[int, list[Counted]] = {}
"""Counted once for all thresholds."""


def _named(counted: Counted, places: Iterable[int]) -> list[Told]:
    start = counted.posts[0].event_at // HOUR * HOUR
    return [Told(counted.name(place), start, start + HOUR) for place in places]


def _candidates(counted: Counted) -> list[int]:
    bounds = LIMITS.bounds
    enough = (counted.weights >= bounds.mentions) & (counted.voices >= bounds.voices)
    places: list[int] = enough.nonzero()[0].tolist()
    return places


def _counts(world: World, least: float) -> list[Told]:
    told: list[Told] = []
    for counted in _hours(world)[_HISTORY:]:
        told += _named(counted, [place for place in _candidates(counted) if counted.weights[place] >= least])
    return told


def _deviations(world: World, least: float) -> list[Told]:
    told: list[Told] = []
    hours = _hours(world)
    for at in range(_HISTORY, len(hours)):
        unusual = partial(_deviates, hours[at], hours[at - _HISTORY : at], least)
        told += _named(hours[at], filter(unusual, _candidates(hours[at])))
    return told


def _deviates(counted: Counted, before: Sequence[Counted], least: float, place: int) -> bool:
    pair = int(counted.pairs[place])
    known = [_weight(one, pair) for one in before]
    spread = max(statistics.pstdev(known), 0.5)
    return bool(counted.weights[place] >= statistics.fmean(known) + least * spread)


def _weight(counted: Counted, pair: int) -> int:
    at = int(np.searchsorted(counted.pairs, np.uint64(pair)))
    return int(counted.weights[at]) if at < len(counted.pairs) and int(counted.pairs[at]) == pair else 0


if __name__ == "__main__":
    sys.exit(main())
