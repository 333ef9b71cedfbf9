"""Posts are counted for the topics of their stories: each once, in its minute, whatever waits and whatever moves."""

from collections import Counter
from random import Random

import pytest
from structlog.testing import capture_logs

from processors.logic.partials import TOTALS, WATERMARK
from processors.logic.topics.counting import WAITING
from schemas.events import Partial, StoryTurn
from tests.support.clustering import Clusterer, counted, post, totals, turn, watermark
from tests.support.subjects import MINUTE, START, story, written

GOLD = "Harga emas Antam naik ke rekor baru, kata analis"
GOLD_AGAIN = "Rekor: harga emas Antam kembali naik pagi ini"
NAME = f"{0:032x}"


def told(seed: int) -> list[StoryTurn]:
    """Stories on some subjects, of which some get more posts later."""
    dice = Random(seed)
    made: list[StoryTurn] = []
    number = 0
    for one in written(seed, 400, subjects=12):
        now = START + one.number * MINUTE
        first = story(one.number, one.text)
        count = dice.choice((1, 1, 1, 2, 4))
        made.append(turn(first, [post(number + more, now - more * MINUTE) for more in range(count)]))
        number += count
        if dice.random() < 0.4:
            again = dice.choice([one for one in made if one["posts"]])
            more = {**again, "positive": again["positive"] + 1, "last_seen": now, "updated_at": now + MINUTE}
            made.append({**more, "posts": [post(number, now, is_copy=True)]})  # type: ignore[typeddict-item]  # of a turn
            number += 1
    return made


def sums(partials: list[Partial]) -> Counter[str]:
    """All that is counted."""
    found: Counter[str] = Counter()
    for one in partials:
        for name in ("mentions", "copies", "positive", "negative", "neutral", "engagement", "authored"):
            found[name] += one[name]
    return found


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_each_post_counts_once_for_the_topic_that_its_story_is_in_when_that_is_known(seed: int) -> None:
    made = told(seed)
    clusterer = Clusterer()
    waiting: dict[str, list[int]] = {}
    expected: Counter[tuple[str, int]] = Counter()
    for one in made:
        clusterer.tell(one)
        waiting.setdefault(one["id"], []).extend(each["event_at"] for each in one["posts"])
        belonging = clusterer.belonging()
        for name in [name for name in waiting if name in belonging]:
            for at in waiting.pop(name):
                expected[belonging[name], at - at % MINUTE] += 1
    assert clusterer.counted() == expected
    assert sum(expected.values()) > len(made) / 2
    assert any(one["merged_into"] for one in clusterer.topics), "no topic moved"
    assert set(clusterer.rows("waiting")) == {name for name, posts in waiting.items() if posts}
    together = Clusterer()
    together.tell_all(made, 50)
    assert together.counted() == expected
    assert sums(together.partials) == sums(clusterer.partials)


def test_a_partial_says_what_its_posts_were() -> None:
    clusterer = Clusterer()
    long = "x" * 300
    clusterer.tell(
        turn(story(0, GOLD), [post(0, START), post(1, START + 1, source=long, author=None, is_copy=True)])
    )
    assert not clusterer.partials, "of one story alone nothing is told"
    clusterer.tell(turn(story(1, GOLD_AGAIN), [post(2, START + MINUTE, post_id="0123456789abcdef")]))
    first, second = clusterer.partials
    assert (first["subject_kind"], first["subject"], first["platform"]) == ("topic", NAME, "news")
    assert (first["bucket"], second["bucket"]) == (START, START + MINUTE)
    assert (first["mentions"], first["copies"], first["authored"], first["engagement"]) == (2, 1, 1, 4)
    assert (first["positive"], first["negative"], first["neutral"]) == (1, 1, 0)
    assert first["samples"] == ["news:1", "news:0"] or first["samples"] == ["news:0", "news:1"]
    assert first["terms"]["emas"] == 2
    assert first["sources"] == {"wire": 1, long: 1}
    # As read from the partition of posts that told of the second story: nothing else is being read.
    assert {one["source_partition"] for one in clusterer.partials} == {2}
    assert second["samples"] == [], "a hash is no id"


def test_what_is_told_is_ordered_so_that_nothing_is_over_before_all_of_it_is_told() -> None:
    clusterer = Clusterer()
    clusterer.tell(*(watermark(part, START) for part in range(4)))
    clusterer.partials.clear()
    minute = START + 10 * MINUTE
    clusterer.tell(
        totals(2, {f"{minute} news": 3}, minute),
        turn(story(0, GOLD), [post(0, minute)]),
        turn(story(1, GOLD_AGAIN), [post(1, minute)]),
        watermark(0, minute, said_at=minute + 1),
        watermark(3, START, idle=True, said_at=minute + 2),
    )
    kinds = [one["subject_kind"] for one in clusterer.partials]
    assert kinds == [TOTALS, "topic", WATERMARK, WATERMARK]
    of_all, both, read, idle = clusterer.partials
    assert both["mentions"] == 2
    assert of_all["sources"] == {f"{minute} news": 3}
    assert [one["watermark"] for one in (of_all, both)] == [START] * 2, "as far as it was before"
    assert not any(one["idle"] for one in (of_all, both))
    assert (read["source_partition"], read["watermark"], read["enriched_at"]) == (0, minute, minute + 1)
    assert (idle["source_partition"], idle["watermark"], idle["idle"]) == (3, START, True)
    clusterer.partials.clear()
    clusterer.tell(watermark(3, START, idle=True, said_at=minute + 5000))
    (again,) = clusterer.partials
    assert again["enriched_at"] == minute + 5000, "that it is still idle is news"


def test_a_watermark_never_falls_and_survives_a_crash() -> None:
    clusterer = Clusterer()
    clusterer.tell(watermark(1, START + MINUTE))
    clusterer.crash()
    clusterer.tell(watermark(1, START))
    assert [one["watermark"] for one in clusterer.partials] == [START + MINUTE] * 2


def test_what_waits_is_bounded_and_said_to_be() -> None:
    clusterer = Clusterer()
    many = [post(number, START) for number in range(WAITING - 1)]
    clusterer.tell(turn(story(0, GOLD), many))
    with capture_logs() as logs:
        clusterer.tell(turn(story(0, GOLD, positive=9), [post(9000 + number, START) for number in range(3)]))
    assert [(one["event"], one["posts"]) for one in logs] == [("posts_not_counted_for_topics", 2)]
    clusterer.tell(turn(story(1, GOLD_AGAIN), [post(9999, START + MINUTE)]))
    assert clusterer.counted() == {(NAME, START): WAITING, (NAME, START + MINUTE): 1}
    assert not clusterer.rows("waiting")


def test_what_waited_for_a_story_that_is_forgotten_is_forgotten_too() -> None:
    clusterer = Clusterer(topic_stories=10)
    for number in range(30):
        text = " ".join(f"{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10]}{word}" for word in "uvwxyz")
        clusterer.tell(turn(story(number, text), [post(number, START + number * MINUTE)]))
    assert set(clusterer.rows("waiting")) == {f"{number:032x}" for number in range(20, 30)}
    assert counted(clusterer.partials) == {}


@pytest.mark.parametrize("size", [1, 3, 7, 400])
def test_what_is_forgotten_and_begun_again_is_counted_alike_whatever_the_batches(size: int) -> None:
    made = told(6)
    together, cut = Clusterer(topic_stories=25), Clusterer(topic_stories=25)
    together.tell_all(made, len(made))
    cut.tell_all(made, size)
    assert cut.counted() == together.counted()
    assert dict(cut.rows("waiting")) == dict(together.rows("waiting"))
    told_of = {one["story_id"] for one in together.assignments}
    assert sum(together.counted().values()) > len(told_of)
