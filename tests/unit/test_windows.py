import random
from collections import Counter

import pytest

from processors.logic.authors import sketch
from processors.logic.spans import WINDOWS
from schemas.events import Partial
from tests.support.windows import DAY, HOUR, MINUTE, RINGS, Partition, partial

START = 1_435_708_800_000  # 2015-07-01T00:00Z
COUNTED = (
    "mentions",
    "positive",
    "negative",
    "neutral",
    "engagement",
    "late",
    "authors",
    "terms",
    "sources",
    "samples",
)


def some_partials(dice: random.Random, count: int, span: int) -> list[Partial]:
    made = []
    for number in range(count):
        at = START + dice.randrange(span)
        positive, negative, neutral = (dice.randrange(3) for _ in range(3))
        made.append(
            partial(
                at,
                dice.choice(["AAPL", "GOOG"]),
                platform=dice.choice(["x", "news"]),
                mentions=positive + negative + neutral,
                positive=positive,
                negative=negative,
                neutral=neutral,
                engagement=dice.randrange(10),
                authors=sketch([f"a{dice.randrange(40)}"]),
                terms={dice.choice(["naik", "turun", "buy"]): 1},
                sources={"s": 1},
                samples=[f"x:{number}"],
            )
        )
    return made


def counted(partition: Partition) -> dict[str, dict[str, object]]:
    return {name: {field: trend[field] for field in COUNTED} for name, trend in partition.latest().items()}  # type: ignore[literal-required]


@pytest.mark.parametrize("seed", range(8))
def test_any_order_and_split_gives_the_same_windows(seed: int) -> None:
    dice = random.Random(seed)
    partials = some_partials(dice, 300, 2 * HOUR)
    whole = Partition()
    whole.step(partials)

    parts = Partition(at_most=dice.choice([5, 50, 10_000]))
    dice.shuffle(partials)
    while partials:
        size = dice.randint(1, 40)
        batch, partials = partials[:size], partials[size:]
        if dice.random() < 0.5:
            parts.fold(batch)
        else:
            # Windows close at any time: what comes later makes a new revision.
            parts.step(batch, closing=START + dice.randrange(3 * HOUR))
        if dice.random() < 0.2:
            parts.crash()
    parts.drain()
    assert counted(parts) == counted(whole)


@pytest.mark.parametrize("seed", range(8))
def test_latest_revisions_plus_late_are_all_mentions_whatever_is_dropped(seed: int) -> None:
    dice = random.Random(100 + seed)
    partials = some_partials(dice, 400, 3 * DAY)
    expected: Counter[tuple[str, str]] = Counter()
    for one in partials:
        expected[one["subject"], one["platform"]] += one["mentions"]
        expected[one["subject"], ""] += one["mentions"]
    partition = Partition(held_rows=dice.choice([20, 1_000_000]), at_most=dice.choice([7, 10_000]))
    dropping = START
    while partials:
        batch, partials = partials[:20], partials[20:]
        dropping += dice.randrange(6 * HOUR)
        if dice.random() < 0.3:
            partition.fold(batch, dropping)
        else:
            partition.step(batch, closing=dropping + dice.randrange(HOUR), dropping=dropping)
        if dice.random() < 0.2:
            partition.crash()
    partition.drain(closing=dropping + 2 * DAY, dropping=dropping)
    late = 0
    for window in WINDOWS:
        found: Counter[tuple[str, str]] = Counter()
        for trend in partition.latest().values():
            if trend["window"] == window:
                found[trend["subject"], trend["platform"]] += trend["mentions"] + trend["late"]
                late += trend["late"]
        assert found == expected, window
    assert late > 0, "the test must reach dropped windows"


def test_of_what_only_the_day_is_known_the_day_alone_tells() -> None:
    partition = Partition()
    partition.step([partial(START, mentions=40, day_only=True), partial(START)])
    partition.drain(closing=START + 3 * DAY)
    counted = {
        trend["window"]: trend["mentions"]
        for trend in partition.latest().values()
        if trend["platform"] == "x"
    }
    assert counted == {"1m": 1, "5m": 1, "1h": 1, "1d": 41}


def test_a_mention_of_a_dropped_window_is_late_in_the_window_of_the_watermark() -> None:
    partition = Partition()
    partition.step([partial(START)])
    watermark = START + RINGS["1m"] + 10 * MINUTE
    partition.step([], closing=watermark, dropping=watermark)
    sent = partition.step([partial(START, mentions=4)], dropping=watermark)
    late = {trend["window"]: trend for trend in sent if trend["platform"] == "x" and trend["late"]}
    assert set(late) == {"1m"}, "the others are still held"
    assert late["1m"]["start"] == watermark - watermark % MINUTE
    assert (late["1m"]["late"], late["1m"]["mentions"]) == (4, 0)
    hour = next(trend for trend in sent if trend["window"] == "1h" and trend["platform"] == "x")
    assert (hour["mentions"], hour["revision"], hour["late"]) == (5, 3, 0)


def test_late_inside_the_ring_is_a_new_revision_of_a_closed_window_and_leaves_the_baseline() -> None:
    partition = Partition()
    partition.step([partial(START, mentions=2)])
    closed = partition.step([], closing=START + 5 * MINUTE)
    assert all(trend["closed"] for trend in closed)
    before = partition.baselines["1m|symbol:AAPL"]
    again = partition.step([partial(START, mentions=3)], closing=START + 5 * MINUTE)
    minute = next(trend for trend in again if trend["window"] == "1m" and trend["platform"] == "x")
    assert (minute["mentions"], minute["closed"], minute["late"]) == (5, True, 0)
    assert minute["revision"] > max(trend["revision"] for trend in closed)
    assert partition.baselines["1m|symbol:AAPL"] == before


def test_all_platforms_together_count_each_author_once() -> None:
    partition = Partition()
    authors = sketch(["someone"])
    sent = partition.step(
        [
            partial(START, authors=authors),
            partial(START, platform="news", authors=authors),
            partial(START, authors=authors),
        ]
    )
    hour = {
        trend["platform"]: (trend["mentions"], trend["authors"]) for trend in sent if trend["window"] == "1h"
    }
    assert hour == {"x": (2, 1), "news": (1, 1), "": (3, 1)}


def test_what_a_platform_said_is_not_sent_again_when_another_one_speaks() -> None:
    partition = Partition()
    partition.step([partial(START), partial(START, platform="news")])
    sent = partition.step([partial(START, platform="news")])
    assert {trend["platform"] for trend in sent} == {"news", ""}


def test_a_burst_scores_against_the_baseline_before_it() -> None:
    partition = Partition()
    for minute in range(60):
        partition.step([partial(START + minute * MINUTE, mentions=5)], closing=START + minute * MINUTE)
    burst = START + 60 * MINUTE
    provisional = partition.step([partial(burst, mentions=100)], closing=burst)
    final = partition.step([], closing=burst + MINUTE)
    for sent in (provisional, final):
        trend = next(
            trend
            for trend in sent
            if trend["window"] == "1m" and trend["platform"] == "" and trend["start"] == burst
        )
        assert trend["baseline"] == pytest.approx(5)
        assert trend["score"] == pytest.approx((100 - 5) / (5**0.5 + 0.5))
        made_of = zip(trend["expected"], trend["spread"], strict=True)
        assert trend["score"] == max((trend["weight"] - expected) / spread for expected, spread in made_of)
        assert trend["display_score"] > 90
        assert trend["velocity"] == 95
    quiet = partition.step([partial(burst + 30 * MINUTE, mentions=5)], closing=burst + 40 * MINUTE)
    after = next(trend for trend in quiet if trend["window"] == "1m" and trend["platform"] == "x")
    for trend in (*provisional, *final, *quiet):
        assert (trend["score"] > 0) == bool(trend["expected"]) == bool(trend["spread"])
    assert 0 < after["baseline"] < 10, "the burst was learnt once, and the silence after it too"


def test_owed_counts_what_time_alone_makes_due() -> None:
    partition = Partition(at_most=3)
    partition.step([partial(START + minute * MINUTE) for minute in range(4)])
    assert partition.owed > 0, "a step publishes three at most"
    partition.drain()
    partition.fold([])
    assert partition.owed == 0
    partition.step([], closing=START + DAY)
    partition.drain(closing=START + DAY)
    assert all(trend["closed"] for trend in partition.latest().values() if trend["end"] <= START + DAY)
    assert partition.step([], closing=START + DAY) == []


def test_rows_do_not_outlive_their_ring() -> None:
    partition = Partition()
    for day in range(80):
        at = START + day * DAY
        partition.step([partial(at, f"S{day}")], closing=at, dropping=at)
    kinds = Counter(key.split("|")[0] for key in partition.rows)
    assert kinds["1m"] <= 2
    assert kinds["1h"] <= 15
    assert kinds["1d"] <= 62
    assert len(partition.baselines) <= sum(kinds.values())
    assert len(partition.held) == len(partition.rows)


def test_years_that_nobody_listened_to_are_no_years_of_silence() -> None:
    partition = Partition()
    hours = [partial(START + number * HOUR, "AAPL", mentions=5) for number in range(30)]
    partition.step(hours, closing=START + 31 * HOUR)
    later = START + 4_000 * DAY
    fresh = [partial(later, subject, mentions=40) for subject in ("AAPL", "NEW")]
    partition.step(fresh, closing=later + HOUR)
    for subject in ("AAPL", "NEW"):
        trend = partition.latest()[f"symbol:{subject}::1h:{later}"]
        assert (trend["learnt"], trend["score"]) == (0, 0), "what was usual years ago says nothing"
    partition.crash()
    partition.step([partial(later + 3 * HOUR, "NEW", mentions=40)], closing=later + 4 * HOUR)
    after = partition.latest()[f"symbol:NEW::1h:{later + 3 * HOUR}"]
    assert after["learnt"] == 3
    assert after["baseline"] == pytest.approx(40 / 3), "two hours of silence in between do count"


def test_a_replay_of_old_posts_after_live_ones_is_not_measured_by_them() -> None:
    partition = Partition()
    live = START + 4_000 * DAY
    for hour in range(24):
        partition.step([partial(live + hour * HOUR, mentions=2)], closing=live + hour * HOUR)
    partition.drain(closing=live + DAY)
    for hour in range(12):
        partition.step([partial(START + hour * HOUR, mentions=60)], closing=live + DAY)
    old = [
        trend for trend in partition.latest().values() if trend["window"] == "1h" and trend["start"] < live
    ]
    assert len(old) == 24
    assert {(trend["score"], trend["learnt"]) for trend in old} == {(0.0, 0)}


def test_copies_are_counted_beside_their_mentions_in_a_later_revision() -> None:
    partition = Partition()
    partition.step([partial(START, mentions=3)], closing=START + DAY)
    copies = partial(START, mentions=0, copies=2, neutral=0, authors=b"")
    partition.step([copies], closing=START + DAY)
    found = partition.latest()
    for window in ("1m", "5m", "1h", "1d"):
        (one,) = [t for t in found.values() if t["window"] == window and t["platform"] == "x"]
        assert (one["mentions"], one["copies"], one["neutral"], one["authors"]) == (3, 2, 3, 1)
        assert one["late"] == 0


def test_copies_of_a_window_that_was_dropped_count_where_late_mentions_do() -> None:
    partition = Partition()
    over = START + 90 * DAY
    partition.step([partial(START, mentions=3)], closing=over)
    partition.drain(closing=over, dropping=over)
    late = partial(START, mentions=2)
    copies = partial(START, mentions=0, copies=1, neutral=0, authors=b"")
    partition.step([late, copies], closing=over, dropping=over)
    found = [t for t in partition.latest().values() if t["platform"] == "x"]
    for window in ("1m", "5m", "1h", "1d"):
        of_kind = [t for t in found if t["window"] == window]
        assert sum(t["mentions"] for t in of_kind) == 3
        assert sum(t["late"] for t in of_kind) == 2
        assert sum(t["copies"] for t in of_kind) == 1
        (holder,) = [t for t in of_kind if t["late"]]
        assert holder["copies"] == 1
