"""The rows of the window: their layout, and what is made of them after a restart.

Rows are JSON lists: of a story `[runs of words, weight by term, hashtags, touched, topic, similarity, positive, negative, neutral,
first seen, last seen, updated at]`, of a topic `[opened, changed, told, first seen, last seen, updated at, its rate]`, of the window
`[records, clock, enriched, began]`. Sums over the stories of a topic are made anew; all of them are whole numbers.
"""

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from processors.logic.topics.rate import Rate
from processors.logic.topics.topic import Group, Kept
from processors.logic.topics.window import Bounds, Marks, Window

Row = list[Any]

MARKS = "window"
"""The key of the one row of marks."""


def story_row(story: Kept) -> Row:
    """The row of a story."""
    words = "|".join(" ".join(run) for run in story.runs)
    return [
        *(words, story.vector, story.hashtags, story.touched, story.topic, story.similarity),
        *(*story.moods, story.first_seen, story.last_seen, story.updated_at),
    ]


def story_of(name: str, row: Row) -> Kept:
    """The story of a row."""
    words, vector, hashtags, touched, topic, similarity, *numbers = row
    runs = [run.split(" ") for run in words.split("|")] if words else []
    moods = numbers[0], numbers[1], numbers[2]
    return Kept(name, runs, vector, hashtags, touched, topic, similarity, moods, *numbers[3:])


def topic_row(topic: Group) -> Row:
    """The row of a topic, without what follows from its stories."""
    times = topic.first_seen, topic.last_seen, topic.updated_at
    return [topic.opened, topic.changed, topic.told, *times, list(topic.rate)]


def topic_of(name: str, row: Row) -> Group:
    """The topic of a row, yet without its stories."""
    opened, changed, told, first_seen, last_seen, updated_at, rate = row
    return Group(name, opened, changed, told, first_seen, last_seen, updated_at, Rate(*rate))


def marks_row(marks: Marks) -> Row:
    """The row of the marks."""
    return list(astuple(marks))


def restored(
    bounds: Bounds, stories: Mapping[str, Row], topics: Mapping[str, Row], marks: Row | None
) -> Window:
    """The window over committed rows."""
    window = Window(bounds)
    window.restore(
        (story_of(name, row) for name, row in stories.items()),
        (topic_of(name, row) for name, row in topics.items()),
        Marks(*marks) if marks else Marks(),
    )
    return window
