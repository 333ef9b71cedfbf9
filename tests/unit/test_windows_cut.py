"""What is told of closed windows follows from the posts: not from batches, not from how far closing and dropping are, not from crashes."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

import pytest

from processors.logic.partials import TOTALS
from schemas.events import Partial
from tests.support.windows import DAY, HOUR, MINUTE, RINGS, Partition, partial

START = 1_435_708_800_000  # 2015-07-01T00:00Z
TOLD = ("mentions", "late", "score", "baseline", "learnt", "expected", "spread", "weight", "closed")
SILENCES = (2 * HOUR, 4 * HOUR, 13 * HOUR, 2 * DAY, 15 * DAY)
"""Some are longer than the ring of a kind of window."""


class Said(NamedTuple):
    at: int
    subject: str
    platform: str
    mentions: int


class Drive(Protocol):
    """A way in which a partition comes to know the posts."""

    def __call__(
        self, posts: list[Said], dice: random.Random, partition: Partition, *, totals: bool
    ) -> None: ...


def said(seed: int, days: int = 25) -> list[Said]:
    """Two subjects that speak for a while, on one platform or two, and fall silent for a while, in order of time."""
    dice = random.Random(seed)
    made = []
    for subject in ("S0", "S1"):
        at = START + dice.randrange(2 * DAY)
        while at < START + days * DAY:
            end = at + dice.choice([HOUR, 5 * HOUR, 2 * DAY])
            apart = dice.choice([10 * MINUTE, HOUR])
            platforms = dice.choice([["x"], ["x"], ["x", "news"]])
            while at < end:
                mentions = dice.randrange(1, 12)
                made.append(Said(at - at % MINUTE, subject, dice.choice(platforms), mentions))
                at += apart * dice.randrange(1, 4)
            at += dice.choice(SILENCES)
    return sorted(made)


def partials(batch: list[Said], *, totals: bool) -> list[Partial]:
    counted = Counter[str]()
    for one in batch:
        counted[f"{one.at} {one.platform}"] += one.mentions
    told = [partial(batch[0].at, "", kind=TOTALS, platform="", mentions=0, sources=dict(counted))]
    return [
        *(told if totals else []),
        *(partial(one.at, one.subject, platform=one.platform, mentions=one.mentions) for one in batch),
    ]


def end_of(posts: list[Said]) -> int:
    return posts[-1].at + 2 * DAY


def live(posts: list[Said], *, totals: bool) -> Partition:
    """Each window is closed as soon as it is over, and dropped when its ring is."""
    partition = Partition(at_most=1_000_000)
    for at, batch in groupby(posts, key=lambda one: one.at):
        partition.step([], closing=at, dropping=at)
        partition.step(partials(list(batch), totals=totals), closing=at, dropping=at)
    partition.drain(end_of(posts), end_of(posts))
    return partition


def after_an_outage(posts: list[Said], dice: random.Random, partition: Partition, *, totals: bool) -> None:
    """All is counted before anything is closed, and then a little at a time."""
    partition.fold(partials(posts, totals=totals))
    end = end_of(posts)
    partition.step([], end, end)
    while partition.owed:
        if dice.random() < 0.05:
            partition.crash()
        partition.step([], end, end)


def in_pieces(posts: list[Said], dice: random.Random, partition: Partition, *, totals: bool) -> None:
    """Batches of any size; closing is behind or not known, dropping too, or it is ahead."""
    for batch, following in cut(posts, dice):
        closing = dice.choice([None, batch[-1].at - 2 * DAY, batch[-1].at - HOUR, following])
        dropping = following - dice.choice([0, 0, HOUR, 2 * DAY])
        partition.step(partials(batch, totals=totals), closing, dropping)
        if dice.random() < 0.03:
            partition.crash()
    partition.drain(end_of(posts), end_of(posts))


def cut(posts: list[Said], dice: random.Random) -> Iterator[tuple[list[Said], int]]:
    """Batches, each with the time up to which nothing more will come after it."""
    at = 0
    while at < len(posts):
        count = dice.choice([1, 30, 300])
        batch, at = posts[at : at + count], at + count
        yield batch, posts[at].at if at < len(posts) else batch[-1].at


def told(partition: Partition) -> dict[str, list[object]]:
    """Of each window its latest revision, numbers as far as the order of sums leaves them alike."""
    return {
        name: [
            pytest.approx(trend[field], rel=1e-6, abs=1e-9)  # type: ignore[literal-required]
            for field in TOLD
        ]
        for name, trend in partition.latest().items()
    }


def told_exactly(partition: Partition) -> dict[str, list[object]]:
    return {
        name: [trend[field] for field in TOLD]  # type: ignore[literal-required]
        for name, trend in partition.latest().items()
    }


@pytest.mark.parametrize("totals", [False, True])
@pytest.mark.parametrize("drive", [after_an_outage, in_pieces])
@pytest.mark.parametrize("held_rows", [1_000_000, 100])
@pytest.mark.parametrize("seed", range(2))
def test_closed_windows_are_as_they_would_be_live(
    seed: int, held_rows: int, drive: Drive, totals: bool
) -> None:
    posts = said(seed)
    partition = Partition(at_most=30, held_rows=held_rows)
    drive(posts, random.Random(seed), partition, totals=totals)
    assert told(live(posts, totals=totals)) == told_exactly(partition)


@pytest.mark.parametrize(("window", "apart"), [("1m", 3 * HOUR), ("5m", 12 * HOUR), ("1h", 14 * DAY)])
@pytest.mark.parametrize("more", [0, MINUTE, HOUR])
def test_what_is_as_old_as_its_ring_is_known_or_not_however_it_is_closed(
    window: str, apart: int, more: int
) -> None:
    assert RINGS[window] == apart
    posts = [Said(START + number * (apart + more), "S0", "x", 6) for number in range(9)]
    expected = told(live(posts, totals=False))
    for at_most in (1, 3, 5, 1_000):
        partition = Partition(at_most=at_most)
        partition.fold(partials(posts, totals=False))
        partition.drain(START + 400 * DAY, START + 400 * DAY)
        assert expected == told_exactly(partition), at_most


def test_in_the_end_nothing_is_left_of_a_subject_that_is_silent() -> None:
    posts = said(3)
    for held_rows in (1_000_000, 100):
        partition = Partition(at_most=50, held_rows=held_rows)
        in_pieces(posts, random.Random(3), partition, totals=True)
        end = posts[-1].at + 100 * DAY
        steps = 0
        while len(partition.held) or len(partition.held.taught):
            partition.step([], end, end)
            steps += 1
            assert steps < 1_000
        assert not partition.baselines


def test_where_there_is_too_much_what_was_taught_longest_ago_goes_first() -> None:
    partition = Partition(held_rows=40)
    for number in range(60):
        at = START + number * HOUR
        partition.step([partial(at, f"S{number}", mentions=6), partial(at, "S", mentions=6)], at, at)
    partition.drain(START + 61 * HOUR, START + 61 * HOUR)
    partition.drain(START + 61 * HOUR, START + 61 * HOUR)
    kept = {key.partition(":")[2] for key in partition.baselines if key.startswith("1h")}
    assert "S" in kept, "it was taught in the last hour"
    assert "S59" in kept
    assert "S10" not in kept
    assert len(partition.held.taught) <= 40


def test_the_season_of_a_subject_that_was_silent_for_long_is_forgotten_with_the_rest() -> None:
    """Loud at noon for five weeks, silent for longer than a ring, and back for a week; somebody else is heard all the time."""
    posts = [Said(START + hour * HOUR, "S1", "x", 1) for hour in range(60 * 24)]
    posts += [
        Said(START + hour * HOUR, "S0", "x", 200 if hour % 24 == 12 else 20)
        for hour in (*range(35 * 24), *range(50 * 24, 57 * 24))
    ]
    posts.sort()
    partition = Partition()
    partition.fold(partials(posts, totals=True))
    partition.drain(end_of(posts), None)
    assert told(live(posts, totals=True)) == told_exactly(partition)
