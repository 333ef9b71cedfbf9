"""Looks through the topics that have changed: those that have become alike become one, loose ones two."""

from heapq import nsmallest
from math import sqrt

from processors.logic.topics.rate import HOUR_MS
from processors.logic.topics.topic import Group, Kept
from processors.logic.topics.weights import Vector, cosine, dot, squared
from processors.logic.topics.window import LEAST, Window

SPLIT_FROM = 8
"""Stories from which a topic may be two."""
ROUNDS = 4
"""Of two-means: what has not settled by then is not two things."""
TOLD_BY = 24
"""Terms of a topic by which others like it are looked for, those that weigh most."""
LOOKED_AT = 4
"""Topics compared with one at most."""


def survey(window: Window) -> None:
    """Call it after every record; it does something after every so many."""
    number, every = window.marks.records, window.bounds.survey
    if number % every:
        return
    changed = sorted(topic.id for topic in window.topics.values() if topic.changed > number - every)
    merged = {_merge(window, window.topics[name]) for name in changed if name in window.topics}
    for name in changed:
        topic = window.topics.get(name)
        # What has just become one is left alone, so that no topic ends and begins with one record.
        if topic is None or name in merged or len(topic.stories) < SPLIT_FROM:
            continue
        if topic.cohesion() < window.bounds.loose:
            _split(window, topic)


def _merge(window: Window, topic: Group) -> str | None:
    """Put a topic together with the one it is most alike, if it is the same; returns which one it now is."""
    best = 0.0, ""
    for name in _candidates(window, topic):
        other = window.topics[name]
        likeness = cosine(dot(topic.sums, other.sums), topic.squared, other.squared)
        single = min(len(topic.stories), len(other.stories)) == 1
        if likeness >= (window.bounds.alike if single else window.bounds.same):
            best = max(best, (likeness, name))
    if not best[1]:
        return None
    first, second = sorted((topic, window.topics[best[1]]), key=lambda one: (one.opened, one.id))
    if second.told:
        second.changed = window.marks.records
        window.end(second, first.id)
    for story in _in_order(window, second):
        window.move(story, first)
    for hour, mentions in (
        (second.rate.hour, second.rate.current),
        (second.rate.hour - 1, second.rate.earlier),
    ):
        first.rate = first.rate.after(hour * HOUR_MS, mentions)
    window.drop(second)
    return first.id


def _candidates(window: Window, topic: Group) -> list[str]:
    leading = nsmallest(TOLD_BY, topic.sums.items(), key=lambda item: (-item[1], item[0]))
    found = []
    for name, product in window.candidates(dict(leading)).items():
        other = window.topics[name]
        if other is not topic and _meet(window, topic, other):
            found.append((-product / sqrt(other.squared), name))
    return [name for _, name in nsmallest(LOOKED_AT, found)]


def _meet(window: Window, one: Group, other: Group) -> bool:
    apart = window.bounds.window_ms
    return one.first_seen - apart <= other.last_seen and other.first_seen <= one.last_seen + apart


def _split(window: Window, topic: Group) -> None:
    """Make a topic two where two-means finds two parts that are unlike."""
    stories = _in_order(window, topic)
    first, second = _parts(stories)
    if min(len(first), len(second)) < LEAST:
        return
    one, other = _sum(first), _sum(second)
    if cosine(dot(one, other), squared(one), squared(other)) >= window.bounds.alike:
        return
    if any(story.id == topic.id for story in second) or (
        len(second) > len(first) and all(story.id != topic.id for story in first)
    ):
        first, second = second, first
    name = next((story.id for story in second if story.id not in window.topics), None)
    if name is None:
        return
    started = window.begin(name, second[0])
    for story in second:
        window.move(story, started)
    window.tell(topic, None)


def _parts(stories: list[Kept]) -> tuple[list[Kept], list[Kept]]:
    """Two-means by cosine, begun with the first story and the one least like it."""
    seeds = stories[0], min(stories, key=lambda one: (dot(one.vector, stories[0].vector), one.id))
    centres: tuple[Vector, Vector] = seeds[0].vector, seeds[1].vector
    parts: tuple[list[Kept], list[Kept]] = [], []
    for _ in range(ROUNDS):
        lengths = [sqrt(squared(centre)) or 1.0 for centre in centres]
        parts = [], []
        for story in stories:
            near = [
                dot(story.vector, centre) / length for centre, length in zip(centres, lengths, strict=True)
            ]
            parts[near[1] > near[0]].append(story)
        if not parts[0] or not parts[1]:
            break
        centres = _sum(parts[0]), _sum(parts[1])
    return parts


def _sum(stories: list[Kept]) -> Vector:
    total: Vector = {}
    for story in stories:
        for term, weight in story.vector.items():
            total[term] = total.get(term, 0) + weight
    return total


def _in_order(window: Window, topic: Group) -> list[Kept]:
    return sorted((window.stories[name] for name in topic.stories), key=lambda one: (one.touched, one.id))
