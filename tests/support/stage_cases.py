"""What stages are told on trial, and how their outputs differ from those of a run in memory that nothing disturbs."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from processors.clock import now_ms
from processors.logic.partials import WATERMARK
from processors.logic.stories.fingerprints import watermark_fingerprint
from processors.logic.stories.turns import STORY
from schemas.events import AuthorPartial, Fingerprint, Mention, Story, StoryTurn
from tests.support.clustering import Clusterer, counted, post, turn, watermark
from tests.support.counted_cases import COUNTED
from tests.support.planted_authors import planted
from tests.support.profiling import Profiler, partials
from tests.support.reprints import reprints
from tests.support.stage_case import Case, Read, by, differing, latest, twice
from tests.support.storytelling import Teller, fingerprint, fingerprints
from tests.support.subjects import MINUTE, START, story, written

_BATCH = 200
"""Records of a batch in memory; what comes of them does not depend on it."""


def stories(count: int) -> Case:
    """So many posts, nearly half of them copies, and after every fifth of them a burst of two words."""
    now = now_ms()
    made = fingerprints(reprints(3, count, share=0.45))
    for at in range(len(made), 0, -max(count // 5, 1)):
        made[at:at] = _burst(at, made[at - 1]["event_at"])
    made = [*_half_a_day(made[0]["event_at"]), *made, *_read(made[-1]["event_at"] + 2 * 60 * MINUTE)]
    told = [cast("Fingerprint", {**one, "enriched_at": now + number}) for number, one in enumerate(made)]
    calm = Teller()
    calm.tell_all(told, _BATCH)
    assert calm.trends, "no burst is told of"

    def compare(read: Read) -> Iterator[str]:
        links, found = read("story-links"), read("stories")
        yield from twice("story-links", links, "post_id")
        yield from differing("story-links", by(links, "post_id"), by(calm.links, "post_id"))
        yield from twice("stories", found, "id", "revision")
        yield from differing("stories", latest(found, "id"), calm.latest())
        turns = [one for one in read("story-turns") if one["kind"] == STORY]
        yield from differing("story-turns", _turned(turns), _turned(calm.turns))
        yield from differing("partials", _copies(read("partials")), _copies(calm.partials))
        yield from differing(
            "author-partials", _follows(read("author-partials")), _follows(calm.author_partials)
        )
        pairs = read("trends")
        yield from twice("trends", pairs, "id", "revision")
        yield from differing("trends", _windows(pairs), _windows(calm.trends))

    return Case(
        stage="stories",
        topic="fingerprints",
        told=[(one["post_id"], one) for one in told],
        compare=compare,
        settings={"stories_batch": 20},
    )


def _burst(number: int, at: int) -> list[Fingerprint]:
    """Twelve short posts of as many authors that share two words, which no other burst has; and that all was read so far."""
    place = "".join("abcdefghij"[int(digit)] for digit in f"{number:04}")
    posts = [
        fingerprint(
            f"gempa guncang {place} warga{'abcdefghijkl'[one]}",
            1_000_000 + number * 100 + one,
            event_at=at,
            author=f"x:q{one}",
        )
        for one in range(12)
    ]
    return posts + _read(at)


def _half_a_day(until: int) -> list[Fingerprint]:
    """Short posts before that, about as many an hour as after it: then it is known what is usual."""
    return [
        fingerprint("pasar ramai pagi", 2_000_000 + number, event_at=until - number * 3 * MINUTE)
        for number in range(13 * 20, 0, -1)
    ]


def _read(until: int) -> list[Fingerprint]:
    """All partitions of posts have been read up to then."""
    return [watermark_fingerprint(source, until, until, idle=False) for source in range(4)]


def topics(count: int) -> Case:
    """So many stories with a post each, some of which are told of again with another one."""
    dice, now = random.Random(5), now_ms()
    told: list[Story] = []
    turns: list[StoryTurn] = []
    for one in written(9, count, subjects=12):
        # Enriched now: what is older than a topic's retention, Kafka may delete at once.
        told.append(story(one.number, one.text, subjects=["hashtag:ihsg"], updated_at=now))
        turns.append(turn(told[-1], [post(one.number, told[-1]["last_seen"], enriched_at=now)]))
        if dice.random() < 0.3:
            again = dice.choice(told)
            at = START + one.number * MINUTE
            told.append({**again, "positive": again["positive"] + 1, "last_seen": at})
            turns.append(turn(told[-1], [post(count + len(turns), at, enriched_at=now)]))
        if one.number % 10 == 0:
            turns.append(watermark(one.number % 4, START + one.number * MINUTE, said_at=now))
    calm = Clusterer()
    calm.tell_all(turns, _BATCH)

    def compare(read: Read) -> Iterator[str]:
        found, assigned = read("topics"), read("assignments")
        yield from twice("topics", found, "id", "revision")
        yield from differing("topics", latest(found, "id"), calm.latest())
        yield from twice("assignments", assigned, "story_id", "revision")
        yield from differing(
            "assignments", latest(assigned, "story_id"), latest(calm.assignments, "story_id")
        )
        yield from differing("topic-partials", counted(read("topic-partials")), calm.counted())

    return Case(
        stage="topics",
        topic="story-turns",
        told=[(one["id"], one) for one in turns],
        compare=compare,
        settings={"topics_batch": 15},
    )


def influencers(count: int) -> Case:
    """What so many mentions of planted authors tell of them."""
    now = now_ms()
    mentions = [
        cast("Mention", {**one, "enriched_at": now + number})
        for number, one in enumerate(planted(3).mentions[:count])
    ]
    told: list[AuthorPartial] = partials(mentions)
    calm = Profiler()
    calm.tell_all(told, _BATCH)

    def compare(read: Read) -> Iterator[str]:
        found = read("influencers")
        yield from twice("influencers", found, "id", "revision")
        yield from differing("influencers", latest(found, "id"), calm.latest())

    return Case(
        stage="influencers",
        topic="author-partials",
        told=[(one["author"], one) for one in told],
        compare=compare,
        settings={"influencers_batch": 10, "influencers_linger_s": 0.05},
    )


CASES: Mapping[str, Callable[[int], Case]] = {
    **COUNTED,
    "stories": stories,
    "topics": topics,
    "influencers": influencers,
}
"""By stage: the case of so many of what it reads."""


def _windows(records: Iterable[Mapping[str, Any]]) -> dict[Any, Mapping[str, Any]]:
    """What was told of pairs, by window and revision; when is another matter."""
    return {(one["id"], one["revision"]): {**one, "computed_at": 0} for one in records}


def _copies(records: Iterable[Mapping[str, Any]]) -> Counter[Any]:
    """Copies by subject, platform and minute."""
    counts: Counter[Any] = Counter()
    for one in records:
        if one["subject_kind"] != WATERMARK:
            counts[one["subject_kind"], one["subject"], one["platform"], one["bucket"]] += one["copies"]
    return counts


def _turned(turns: Iterable[Mapping[str, Any]]) -> Counter[Any]:
    """How often each post was told of, and with which story."""
    return Counter((one["id"], each["post_id"], each["is_copy"]) for one in turns for each in one["posts"])


_FOLLOWS = (
    "originals",
    "repeats",
    "copies",
    "marked",
    "follow_positive",
    "follow_negative",
    "follow_neutral",
)


def _follows(records: Iterable[Mapping[str, Any]]) -> Counter[Any]:
    """What follows each author, by field."""
    counts: Counter[Any] = Counter()
    for one in records:
        for name in _FOLLOWS:
            counts[one["author"], name] += one[name]
    return counts
