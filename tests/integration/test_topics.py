"""`topics` on real Kafka: topics and assignments are what its input says, once, whatever is killed."""

import random
import time
from pathlib import Path

from tests.support.broker import Broker
from tests.support.clustering import Clusterer, counted, post, turn, watermark
from tests.support.stages import Feed, Workers, records
from tests.support.subjects import MINUTE, START, story, written
from tests.support.topics import create_topics
from tests.support.until import until


def test_topics_are_the_same_whatever_is_killed(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    dice = random.Random(5)
    told, turns = [], []
    # Enriched now: what is older than a topic's retention, Kafka may delete at once.
    now = time.time_ns() // 1_000_000
    for one in written(9, 600, subjects=12):
        told.append(story(one.number, one.text, subjects=["hashtag:ihsg"], updated_at=now))
        turns.append(turn(told[-1], [post(one.number, told[-1]["last_seen"], enriched_at=now)]))
        if dice.random() < 0.3:
            again = dice.choice(told)
            at = START + one.number * MINUTE
            told.append({**again, "positive": again["positive"] + 1, "last_seen": at})
            turns.append(turn(told[-1], [post(1_000 + len(turns), at, enriched_at=now)]))
    turns += [watermark(partition, START + 600 * MINUTE, said_at=now) for partition in range(4)]
    expected = Clusterer()
    expected.tell_all(turns, len(turns))

    create_topics(kafka.bootstrap, prefix)
    where = (kafka.bootstrap, prefix)
    feed = Feed(*where)
    with Workers(*where, "topics", tmp_path, topics_batch=25) as workers:
        workers.start()
        half = len(turns) // 2
        feed.send("story-turns", [(one["id"], one) for one in turns[:half]])
        until(lambda: workers.committed() > 50, "the first stories")
        workers.kill_one()
        # A standby is there: it takes over what the killed one held, and nothing of it is done twice.
        workers.start(2)
        feed.send("story-turns", [(one["id"], one) for one in turns[half:]])
        until(lambda: workers.committed() > half, "more stories")
        workers.kill_one()
        workers.settled()
        assert workers.stop() == [0]

    topics, assignments = records(*where, "topics"), records(*where, "assignments")
    assert len({(one["id"], one["revision"]) for one in topics}) == len(topics)
    assert len({(one["story_id"], one["revision"]) for one in assignments}) == len(assignments)
    latest = {one["id"]: one for one in sorted(topics, key=lambda one: one["revision"])}
    assert latest == expected.latest()
    joined = sorted(assignments, key=lambda one: one["revision"])
    assert {one["story_id"]: one["topic_id"] for one in joined} == expected.belonging()
    assert any(one["merged_into"] for one in topics)
    assert counted(records(*where, "topic-partials")) == expected.counted()
    assert not records(*where, "dead-letters")
