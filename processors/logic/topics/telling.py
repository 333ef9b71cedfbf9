"""What others hear of a topic: its label, its terms, its frequencies, its samples."""

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

from processors.logic.bounded import top
from processors.logic.topics.topic import Group, Kept
from processors.logic.topics.weights import heaviest
from schemas.events import Assignment, Millis, Topic

TERMS = 10
LABEL = 3
"""Terms in a label."""
HASHTAGS = 20
WORDS = 50
LETTERS = 4
"""Letters a word has at least to be among the most frequent ones."""
SAMPLES = 5
PHRASE = 0.5
"""A pair takes the place of a word in a label if it stands in at least this share of the word's mentions by weight."""


def told_of(topic: Group, stories: Iterable[Kept], into: str | None) -> Topic:
    """The topic as it is; `into` names the one that its stories are in, where it is no more."""
    positive, negative, neutral = topic.moods
    terms = list(heaviest(topic.sums, TERMS))
    return {
        "id": topic.id,
        "revision": topic.changed,
        "label": label(terms, topic.sums),
        "terms": terms,
        "mentions": topic.mentions,
        "stories": len(topic.stories),
        "positive": positive,
        "negative": negative,
        "neutral": neutral,
        "hashtags": top(topic.hashtags, HASHTAGS),
        "words": top({word: count for word, count in topic.words.items() if len(word) >= LETTERS}, WORDS),
        "trending_score": topic.rate.score(),
        "sample_ids": [story.id for story in nsmallest(SAMPLES, stories, key=_telling)],
        "merged_into": into,
        "first_seen": topic.first_seen,
        "last_seen": topic.last_seen,
        "updated_at": topic.updated_at,
    }


def assignment(story: Kept, revision: int, at: Millis) -> Assignment:
    """Where a story belongs."""
    return {
        "story_id": story.id,
        "topic_id": story.topic,
        "revision": revision,
        "similarity": story.similarity,
        "assigned_at": at,
    }


def label(leaders: Sequence[str], sums: Mapping[str, int]) -> str:
    """Some of the leading terms that people can read: pairs in the place of words that mostly stand in them, no word twice."""
    chosen: list[str] = []
    used: set[str] = set()
    pairs = [term for term in leaders if " " in term]
    for term in leaders:
        words = term.split(" ")
        if not used.isdisjoint(words):
            continue
        shown = _phrase(term, pairs, sums, used) if len(words) == 1 else term
        chosen.append(shown)
        used.update(shown.split(" "))
        if len(chosen) == LABEL:
            break
    return ", ".join(term.upper() if term[0] == "$" else term for term in chosen)


def _phrase(word: str, pairs: Iterable[str], sums: Mapping[str, int], used: set[str]) -> str:
    """The heaviest pair that the word mostly stands in, or the word."""
    for pair in pairs:
        words = pair.split(" ")
        if word in words and used.isdisjoint(words) and sums[pair] >= PHRASE * sums[word]:
            return pair
    return word


def _telling(story: Kept) -> tuple[int, float, str]:
    """The most copied first, of equal ones those most like the topic."""
    return -story.mentions, -story.similarity, story.id
