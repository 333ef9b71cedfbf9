"""What windows are measured by and teach, through the rows of the stage: outages, new feeds, one author, any order and split."""

import json
import math
import random

import pytest

from processors.logic.authors import sketch
from processors.logic.partials import TOTALS
from schemas.events import Partial, Trend
from tests.support.windows import HOUR, MINUTE, Partition, partial

START = 1_782_691_200_000  # 2026-06-29T00:00Z, a Monday


def totals(at: int, **counts: int) -> Partial:
    """What a batch has of each platform."""
    return partial(
        at,
        "0",
        kind=TOTALS,
        platform="",
        mentions=0,
        neutral=0,
        sources={f"{at - at % MINUTE} {platform}": count for platform, count in counts.items()},
    )


def hour_of(partition: Partition, at: int, platform: str = "", subject: str = "AAPL") -> Trend:
    return partition.latest()[f"symbol:{subject}:{platform}:1h:{at}"]


def lived(hours: int, mentions: int = 20, heard: int = 400) -> Partition:
    """A partition that has closed so many hours of one subject on one platform."""
    partition = Partition()
    for number in range(hours):
        at = START + number * HOUR
        partition.step([totals(at, x=heard), partial(at, mentions=mentions)], closing=at)
    partition.step([], closing=START + hours * HOUR)
    return partition


def test_an_outage_and_what_returns_after_it_are_no_trend() -> None:
    partition = lived(48)
    back = START + 60 * HOUR
    # News went on, so time did; of x nobody heard.
    for number in range(48, 60):
        at = START + number * HOUR
        partition.step([totals(at, news=5)], closing=at)
    partition.step([totals(back, x=400), partial(back, mentions=22)], closing=back)
    partition.step([], closing=back + HOUR)
    trend = hour_of(partition, back)
    assert trend["baseline"] == pytest.approx(20, abs=1), "the outage taught nothing"
    assert abs(trend["score"]) < 1
    assert trend["learnt"] == 60


def test_without_an_outage_the_same_silence_is_learnt() -> None:
    partition = lived(48)
    back = START + 60 * HOUR
    for number in range(48, 60):
        at = START + number * HOUR
        partition.step([totals(at, x=400)], closing=at)
    partition.step([totals(back, x=400), partial(back, mentions=22)], closing=back)
    partition.step([], closing=back + HOUR)
    assert hour_of(partition, back)["baseline"] < 16


def test_a_new_feed_that_doubles_all_is_no_trend_and_a_burst_is_one() -> None:
    after = START + 48 * HOUR
    scores = {}
    for name, mentions, heard in (("feed", 40, 800), ("burst", 40, 400)):
        partition = lived(48)
        partition.step([totals(after, x=heard), partial(after, mentions=mentions)], closing=after)
        partition.step([], closing=after + HOUR)
        scores[name] = hour_of(partition, after)["score"]
    assert scores["feed"] < 1
    assert scores["burst"] > 3


def test_a_platform_that_is_new_is_no_trend() -> None:
    partition = lived(48)
    after = START + 48 * HOUR
    news = partial(after, mentions=60, platform="news")
    partition.step([totals(after, x=400, news=900), partial(after, mentions=20), news], closing=after)
    partition.step([], closing=after + HOUR)
    for platform in ("", "x", "news"):
        assert abs(hour_of(partition, after, platform)["score"]) < 1, platform


def test_two_hundred_posts_of_one_author_weigh_two() -> None:
    after = START + 48 * HOUR
    found = {}
    for name, authors in (("one", ["x:a"]), ("many", [f"x:a{number}" for number in range(200)])):
        partition = lived(48)
        posts = partial(after, mentions=200, authored=200, authors=sketch(authors))
        partition.step([totals(after, x=600), posts], closing=after)
        partition.step([], closing=after + HOUR)
        found[name] = hour_of(partition, after)
    assert found["one"]["mentions"] == found["many"]["mentions"] == 200
    assert found["one"]["score"] < 0
    assert found["many"]["score"] > 10


@pytest.mark.parametrize(("mentions", "authors"), [(4, 4), (40, 2)])
def test_too_few_mentions_or_authors_are_no_trend(mentions: int, authors: int) -> None:
    partition = lived(48, mentions=1)
    after = START + 48 * HOUR
    posts = partial(
        after, "NEW", mentions=mentions, authored=mentions, authors=sketch([f"x:{n}" for n in range(authors)])
    )
    partition.step([totals(after, x=400), posts], closing=after)
    trend = hour_of(partition, after, subject="NEW")
    assert (trend["score"], trend["display_score"]) == (0, 0)


def test_the_hour_of_the_day_is_expected() -> None:
    partition = Partition()
    dice = random.Random(2)
    for number in range(12 * 24):
        at = START + number * HOUR
        usual = 100 * (1 + 0.8 * math.cos((number % 24 - 14) / 12 * math.pi))
        partition.step([partial(at, mentions=max(round(dice.gauss(usual, usual**0.5)), 1))], closing=at)
    partition.step([], closing=START + 12 * 24 * HOUR)
    last = [hour_of(partition, START + number * HOUR) for number in range(11 * 24, 12 * 24)]
    for number, trend in enumerate(last):
        usual = 100 * (1 + 0.8 * math.cos((number - 14) / 12 * math.pi))
        assert trend["baseline"] == pytest.approx(usual, rel=0.3, abs=10)
        assert abs(trend["score"]) < 4


def told(seed: int) -> list[Partial]:
    """Two days of two subjects on two platforms with an outage; the order is that of time."""
    dice = random.Random(seed)
    made = []
    for number in range(2 * 24 * 3):
        at = START + number * 20 * MINUTE
        out = 80 < number < 95
        counts = {"news": dice.randint(5, 9)} | ({} if out else {"x": dice.randint(60, 90)})
        made.append(totals(at, **counts))
        for subject in ("AAPL", "GOOG"):
            made += [
                partial(at, subject, platform=platform, mentions=dice.randint(1, 9))
                for platform in counts
                if dice.random() < 0.7
            ]
    return made


def measured(partition: Partition) -> dict[str, tuple[float, ...]]:
    return {
        name: (trend["mentions"], trend["score"], trend["baseline"], trend["learnt"])
        for name, trend in partition.latest().items()
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_same_partials_give_the_same_scores_however_they_are_split_and_when_windows_close(
    seed: int,
) -> None:
    partials = told(seed)
    end = START + 56 * HOUR
    whole = Partition()
    whole.fold(partials)
    whole.drain(closing=end)

    dice = random.Random(seed)
    parts = Partition(at_most=dice.choice([7, 50, 10_000]))
    done = 0
    while done < len(partials):
        batch = partials[done : done + dice.randint(1, 150)]
        done += len(batch)
        # Of what has the same time nothing may be missing when its windows close.
        closing = partials[done]["bucket"] if done < len(partials) else end
        dice.shuffle(batch)
        if dice.random() < 0.3:
            parts.fold(batch)
        else:
            parts.step(batch, closing=closing)
        if dice.random() < 0.2:
            parts.crash()
    parts.drain(closing=end)
    assert measured(parts) == measured(whole)
    assert json.loads(json.dumps(parts.baselines)) == json.loads(json.dumps(whole.baselines))


def test_totals_are_forgotten_where_no_window_ever_closes() -> None:
    partition = Partition()
    for number in range(600):
        at = START + number * 5 * MINUTE
        partition.step([totals(at, x=9)], closing=at)
    assert not partition.rows
    assert len(partition.totals) < 40
