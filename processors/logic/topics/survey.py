"""Looks through the topics that have changed: those that have become alike become one, loose ones two."""

from processors.logic.topics.rate import HOUR_MS
from processors.logic.topics.topic import Group, Kept
from processors.logic.topics.two_means import two_means
from processors.logic.topics.weights import cosine, dot, heaviest
from processors.logic.topics.window import LEAST, Window

SPLIT_FROM = 8
"""Stories from which a topic may be two."""
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
        window.rate(first, first.rate.after(hour * HOUR_MS, mentions))
    window.drop(second)
    return first.id


def _candidates(window: Window, topic: Group) -> list[str]:
    found: list[str] = []
    # The topic's own length is the same for all it is compared with.
    for _, names in window.postings.ranked(heaviest(topic.sums, TOLD_BY), 1):
        found += sorted(
            name for name in names if name != topic.id and _meet(window, topic, window.topics[name])
        )
        if len(found) >= LOOKED_AT:
            break
    return found[:LOOKED_AT]


def _meet(window: Window, one: Group, other: Group) -> bool:
    apart = window.bounds.window_ms
    return one.first_seen - apart <= other.last_seen and other.first_seen <= one.last_seen + apart


def _split(window: Window, topic: Group) -> None:
    """Make a topic two where two-means finds two parts that are unlike."""
    stories = _in_order(window, topic)
    parts = two_means(stories)
    first, second = parts.first, parts.second
    if min(len(first), len(second)) < LEAST or parts.alike >= window.bounds.alike:
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


def _in_order(window: Window, topic: Group) -> list[Kept]:
    return sorted((window.stories[name] for name in topic.stories), key=lambda one: (one.touched, one.id))
