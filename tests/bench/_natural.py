"""Recorded mentions of shares with bursts that nobody planted, for bench-trends: days on which the price jumped.

What was said is StockNet's, what happened is told by the prices of the same days, so no detector's own notion of a burst decides.
"""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import pstdev
from typing import Final

import numpy as np
from scipy.stats import rankdata

from tests.bench._judging import Signal
from tests.bench._world import DAY, HOUR, PLATFORMS, STEP_MIN, Burst, Counts, World
from tests.support.recorded import PRICES, STOCKNET

_FIRST: Final = date(2015, 7, 1)
_DAYS: Final = 61
"""Of each of the two worlds: what was recorded is four months."""
_LEAST_POSTS: Final = 60
"""Of a share in one world: of fewer nothing could be told."""
_JUMP: Final = 3.0
"""Standard deviations of the half year before, from one close to the next."""
_CLOSE_UTC_H: Final = 20
_WARM: Final = 3 * DAY
MONTHS: Final = ("jul_aug", "sep_oct")


def recorded() -> tuple[World, World] | None:
    """July and August, September and October; None where the recorded data is not here."""
    if not (STOCKNET.exists() and PRICES.exists()):
        return None
    jumps = _jumps(PRICES)
    first, second = (_world(_FIRST + timedelta(days=_DAYS * number), jumps) for number in range(2))
    return first, second


def told(world: World, signal: Signal) -> float:
    """How well a day's highest score tells the days of jumps from others: the share of pairs of the two that it puts in order (AUC).

    Half is chance. Thresholds would be chosen on some dozens of jumps, so none are.
    """
    jumps = {(burst.subject, (burst.end - 1) // DAY) for burst in world.bursts}
    subjects = range(signal.score.shape[1])
    highest: list[float] = []
    jumped: list[bool] = []
    for day in range(_WARM // DAY + 1, len(signal.score) // DAY):
        score = signal.score[_since_close(day) : (day + 1) * DAY].max(axis=0)
        highest += score.tolist()
        jumped += [(subject, day) in jumps for subject in subjects]
    ranks, are = rankdata(highest), np.array(jumped)
    many, others = int(are.sum()), int((~are).sum())
    return float((ranks[are].sum() - many * (many + 1) / 2) / (many * others))


def _since_close(day: int) -> int:
    """The step of the close before a day, for what moves a price at its opening is told after that."""
    return (day - 1) * DAY + _CLOSE_UTC_H * HOUR


def _jumps(prices: Path) -> Mapping[str, set[date]]:
    """By symbol, the days whose close lies farther from the one before than is usual of it."""
    closes: dict[str, dict[date, float]] = defaultdict(dict)
    with prices.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            closes[row["symbol"]][date.fromisoformat(row["date"])] = float(row["close"])
    jumps: dict[str, set[date]] = {}
    for symbol, known in closes.items():
        days = sorted(known)
        moves = {day: known[day] / known[before] - 1 for before, day in pairwise(days)}
        usual = [move for day, move in moves.items() if day < _FIRST]
        if len(usual) > 1:
            jumps[symbol] = {
                day for day, move in moves.items() if day >= _FIRST and abs(move) >= _JUMP * pstdev(usual)
            }
    return jumps


def _world(first: date, jumps: Mapping[str, set[date]]) -> World:
    steps = _DAYS * DAY
    posts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    totals = np.zeros(steps, dtype=np.int64)
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    with STOCKNET.open(encoding="utf-8") as lines:
        for line in lines:
            post = json.loads(line)
            step = int((datetime.fromisoformat(post["ts"]) - begin) / timedelta(minutes=STEP_MIN))
            if not 0 <= step < steps:
                continue  # of the other two months
            totals[step] += 1
            for symbol in post["symbols"]:
                posts[symbol].append((step, post["author"]))
    symbols = sorted(
        symbol for symbol, told in posts.items() if len(told) >= _LEAST_POSTS and symbol in jumps
    )
    mentions, authors5, authors60 = (np.zeros((steps, len(symbols)), dtype=np.int64) for _ in range(3))
    bursts = []
    for number, symbol in enumerate(symbols):
        _count(posts[symbol], mentions[:, number], authors5[:, number], authors60[:, number])
        for day in sorted(jumps[symbol]):
            start, end = _since_close((day - first).days), ((day - first).days + 1) * DAY
            if start >= _WARM and end <= steps:
                bursts.append(Burst(number, start, end))
    nothing = np.zeros_like(mentions)
    silent = [nothing] * (len(PLATFORMS) - 1)
    return World(
        (mentions, *silent),
        (authors5, *silent),
        (authors60, *silent),
        (totals, *(np.zeros_like(totals) for _ in silent)),
        tuple(bursts),
    )


def _count(told: list[tuple[int, str]], mentions: Counts, authors5: Counts, authors60: Counts) -> None:
    """Fill one subject's columns; `authors60` has the distinct authors so far in each hour."""
    for step, count in Counter(step for step, _ in told).items():
        mentions[step] = count
    for step, count in Counter(step for step, _ in set(told)).items():
        authors5[step] = count
    known: set[tuple[int, str]] = set()
    for step, author in sorted(told):
        hour = step // HOUR
        if (hour, author) not in known:
            known.add((hour, author))
            authors60[step : (hour + 1) * HOUR] += 1
