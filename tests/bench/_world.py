"""A made-up world of mentions for bench-trends: subjects with days and weeks, planted bursts, and what only looks like one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
"""Mentions by step of five minutes and subject."""

STEP_MIN: Final = 5
HOUR: Final = 12
DAY: Final = 24 * HOUR
WEEK: Final = 7 * DAY
PLATFORMS: Final = ("x", "news", "reddit")
AUTHORED: Final = (True, False, True)
"""Whether a platform says who wrote a post."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Planted: `subject` has more mentions than usual in the steps [start, end)."""

    subject: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class World:
    """`mentions[platform]` and, of platforms that tell them, `authors5` and `authors60` (distinct, by step and so far in the hour)."""

    mentions: tuple[Counts, ...]
    authors5: tuple[Counts, ...]
    authors60: tuple[Counts, ...]
    totals: tuple[Counts, ...]
    """Of each platform, all its mentions by step, of other subjects too."""
    bursts: tuple[Burst, ...]

    @property
    def all(self) -> Counts:
        """Mentions over all platforms."""
        total: Counts = np.sum(self.mentions, axis=0)
        return total


def build(seed: int, subjects: int = 30, weeks: int = 5) -> World:
    """A world; equal seeds give equal worlds."""
    dice = np.random.default_rng(seed)
    steps = weeks * WEEK
    rates = np.exp(dice.uniform(np.log(0.02), np.log(60), subjects))
    usual = rates * _seasons(dice, subjects, steps) * _drift(dice, subjects, steps)
    bursts, extra = _bursts(dice, rates, usual)
    shares = dice.dirichlet((4, 1.5, 1.5), subjects)
    level = _levels(dice, steps)
    loose = dice.uniform(2, 30, subjects)
    mentions = []
    for number in range(len(PLATFORMS)):
        share = shares[:, number]
        mean = usual * share
        # Over-dispersed: the rate itself varies from step to step.
        rate = mean * dice.gamma(loose, 1 / loose, (steps, subjects))
        heard = level[:, number, None]
        mentions.append(dice.poisson((rate + extra * share) * heard).astype(np.int64))
    spam = _spam(dice, subjects, steps)
    pool = np.maximum(rates * 200, 30)
    authors5, authors60, posts = [], [], []
    for known, counts in zip(AUTHORED, mentions, strict=True):
        authors5.append(_distinct(dice, counts, pool, 1) if known else np.zeros_like(counts))
        authors60.append(_distinct(dice, counts, pool, HOUR) if known else np.zeros_like(counts))
    spammed = spam * (level[:, 0, None] > 0)
    authors5[0] = authors5[0] + (spammed > 0)
    authors60[0] = authors60[0] + (_so_far(spammed) > 0)
    posts = [mentions[0] + spammed, *mentions[1:]]
    # Most of what is collected names none of the watched subjects.
    season = _seasons(dice, 1, steps)[:, 0]
    totals = []
    for number, counts in enumerate(posts):
        others = dice.poisson(level[:, number] * season * (200, 40, 60)[number])
        totals.append((counts.sum(axis=1) + others).astype(np.int64))
    return World(tuple(posts), tuple(authors5), tuple(authors60), tuple(totals), tuple(bursts))


def _seasons(dice: np.random.Generator, subjects: int, steps: int) -> NDArray[np.float64]:
    """Day and week of each subject, with mean 1: a rounded day, a dip at night, weekends of their own, and for some a daily slot."""
    step = np.arange(steps)
    hour = (step % DAY) / HOUR
    weekend = (step // DAY) % 7 >= 5
    made = np.empty((steps, subjects))
    for number in range(subjects):
        phase = dice.normal(14, 2)
        depth = dice.uniform(0.3, 0.95)
        curve = 1 + depth * np.cos((hour - phase) / 24 * 2 * np.pi)
        if dice.random() < 0.4:
            opens = dice.uniform(6, 20)
            curve = curve + dice.uniform(0.5, 3) * np.exp(-((hour - opens).clip(0) / 0.7)) * (hour >= opens)
        curve = np.where(weekend, curve * dice.uniform(0.3, 1.1), curve)
        made[:, number] = curve / curve.mean()
    return made


def _drift(dice: np.random.Generator, subjects: int, steps: int) -> NDArray[np.float64]:
    """A level that wanders by some ten percent a day."""
    days = steps // DAY + 2
    walk = np.cumsum(dice.normal(0, 0.12, (days, subjects)), axis=0)
    walk -= walk.mean(axis=0)
    at = np.arange(steps) / DAY
    return np.exp(np.stack([np.interp(at, np.arange(days), walk[:, one]) for one in range(subjects)], axis=1))


def _bursts(
    dice: np.random.Generator, rates: NDArray[np.float64], usual: NDArray[np.float64]
) -> tuple[list[Burst], NDArray[np.float64]]:
    """Some for every subject, at any hour of the day, none before the third day and none near another."""
    steps, subjects = usual.shape
    extra = np.zeros((steps, subjects))
    bursts = []
    for subject in range(subjects):
        for start in _moments(dice, 3 * DAY, steps - 6 * HOUR, 6):
            shape = ("spike", "ramp", "plateau")[dice.integers(3)]
            length = int(dice.integers(*{"spike": (12, 25), "ramp": (18, 37), "plateau": (12, 49)}[shape]))
            place = np.arange(length) / length
            form = {
                "spike": np.exp(-4 * place),
                "ramp": np.where(place < 0.6, place / 0.6, (1 - place) / 0.4),
                "plateau": np.ones(length),
            }[shape]
            # Between a small multiple of what is usual then and a large one, and of at least some dozen mentions.
            base = usual[start : start + length, subject].mean()
            peak = base * np.exp(dice.uniform(np.log(1), np.log(10)))
            peak = max(peak, dice.uniform(15, 60) / form.sum())
            extra[start : start + length, subject] += peak * form
            bursts.append(Burst(subject, start, start + length))
    return bursts, extra


def _moments(dice: np.random.Generator, first: int, last: int, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        at = int(dice.integers(first, last))
        if all(abs(at - other) > DAY for other in found):
            found.append(at)
    return found


def _levels(dice: np.random.Generator, steps: int) -> NDArray[np.float64]:
    """By step and platform, what is heard of it: outages of hours and what returns after them, and feeds that come anew."""
    level = np.ones((steps, len(PLATFORMS)))
    for number in range(len(PLATFORMS)):
        for start in _moments(dice, 4 * DAY, steps - DAY, 3):
            level[start : start + int(dice.integers(HOUR, 10 * HOUR)), number] = 0
    for number in (0, 2):
        start = int(dice.integers(2 * WEEK, steps - WEEK))
        level[start:, number] *= dice.uniform(1.8, 2.5)
    return level


def _spam(dice: np.random.Generator, subjects: int, steps: int) -> Counts:
    """One author posts two hundred times within ten minutes to two hours: once or twice about every other subject."""
    spam = np.zeros((steps, subjects), dtype=np.int64)
    for subject in range(0, subjects, 2):
        for start in _moments(dice, 3 * DAY, steps - DAY, 2):
            length = int(dice.integers(2, 25))
            np.add.at(spam[:, subject], start + dice.integers(0, length, 200), 1)
    return spam


def _distinct(dice: np.random.Generator, counts: Counts, pool: NDArray[np.float64], window: int) -> Counts:
    """How many authors wrote what was counted so far in each window, of a pool in which all are as likely."""
    so_far = counts if window == 1 else _so_far(counts)
    share = 1 - np.exp(-so_far / pool)
    expected = pool * share
    spread = np.sqrt(np.maximum(expected * (1 - share) * 0.3, 0))
    drawn = np.rint(expected + spread * dice.normal(size=counts.shape))
    clipped: Counts = np.clip(drawn, np.minimum(so_far, 1), so_far).astype(np.int64)
    return clipped


def _so_far(counts: Counts) -> Counts:
    """The sum of each hour up to and with each of its steps."""
    hours = counts.reshape(-1, HOUR, counts.shape[1])
    so_far: Counts = np.cumsum(hours, axis=1).reshape(counts.shape)
    return so_far
