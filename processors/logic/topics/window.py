"""The stories of a rolling window and the topics they make: each story joins the topic it is most alike, or begins one."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from processors.logic.topics.postings import Postings
from processors.logic.topics.rate import HOUR_MS, Rate
from processors.logic.topics.telling import assignment, told_of
from processors.logic.topics.topic import Group, Kept
from processors.logic.topics.weights import Frequencies, Vector, squared
from processors.logic.topics.words import runs_of, terms_in
from schemas.events import Assignment, Millis, Topic

LEAST = 2
"""Stories that make a topic; one alone is not told of."""
FORGOTTEN = 4
"""Stories forgotten with one record at most."""
SETTLED_MS = HOUR_MS
"""Enrichment time for which a story stays whatever its event time: in a replay partitions of posts are read far apart."""


class Spoken(TypedDict):
    """What is read of a story; a Story and a StoryTurn have it."""

    id: str
    excerpt: str
    subjects: Sequence[str]
    positive: int
    negative: int
    neutral: int
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is kept and what is alike.

    `window_ms` of event time, at `most` stories; a story joins a topic from the cosine `alike` on, two topics become one from
    `same` on, one whose stories' mean cosine is below `loose` becomes two. Topics are looked through every `survey` records.
    """

    window_ms: int
    most: int
    alike: float = 0.1
    same: float = 0.3
    loose: float = 0.06
    survey: int = 100


@dataclass(slots=True)
class Changes:
    """What a batch has changed."""

    stories: dict[str, None] = field(default_factory=dict)
    """Rows that are to be written, or deleted where there is none any more."""
    topics: dict[str, None] = field(default_factory=dict)
    """The same of topics."""
    spoken: dict[str, None] = field(default_factory=dict)
    """Topics that are to be told of when the batch ends."""
    assigned: dict[str, Assignment] = field(default_factory=dict)
    """By story, where it has come to belong to a topic that is told."""
    fresh: dict[str, None] = field(default_factory=dict)
    """Stories assigned since somebody last emptied this."""
    forgotten: dict[str, Kept] = field(default_factory=dict)
    """Stories forgotten since then, as they were last."""
    ended: list[Topic] = field(default_factory=list)
    """Topics that were told and are no more, as they were last."""


@dataclass(slots=True)
class Marks:
    """How far the window is."""

    records: int = 0
    clock: Millis = 0
    """Latest event time."""
    enriched: Millis = 0
    """Latest enrichment."""
    began: Millis = 0
    """Event time of the first record."""


class Window:
    """A function of the records alone: no clock, no chance, nothing that depends on where batches begin."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.marks = Marks()
        self.stories: OrderedDict[str, Kept] = OrderedDict()
        """The one that was told of longest ago first."""
        self.topics: dict[str, Group] = {}
        self.changes = Changes()
        self._frequencies = Frequencies()
        self.postings = Postings()
        self._rising: set[str] = set()
        """Topics whose rate is above what is usual: the only ones that an hour's passing changes."""

    def restore(self, stories: Iterable[Kept], topics: Iterable[Group], marks: Marks) -> None:
        """Begin with what rows tell; the topics come without their stories."""
        self.marks = marks
        self.topics = {topic.id: topic for topic in topics}
        self._rising = {topic.id for topic in self.topics.values() if topic.rate.rising()}
        for story in sorted(stories, key=lambda one: one.touched):
            self.stories[story.id] = story
            self._frequencies.add(story.terms())
            self._put(story, self.topics[story.topic])

    def read(self, told: Spoken) -> None:
        """Take one revision of a story in."""
        self._advance(told)
        known = self.stories.get(told["id"])
        if known is None:
            self._join(told)
        else:
            self._again(known, told)
        self._forget()

    def begin(self, name: str, story: Kept) -> Group:
        """A topic without stories; the story it will begin with gives its times."""
        listened = (self.marks.clock - self.marks.began) // HOUR_MS
        times = story.first_seen, story.last_seen, story.updated_at
        number = self.marks.records
        topic = Group(name, number, number, False, *times, Rate.new(story.last_seen, listened))
        self.topics[name] = topic
        return topic

    def move(self, story: Kept, topic: Group) -> None:
        """Put a story from the topic it is in into another one."""
        story.similarity = topic.likeness(story.vector) if topic.stories else 1.0
        self._take(story)
        story.topic = topic.id
        self._put(story, topic)
        self.changes.stories[story.id] = None
        self.tell(topic, story)

    def tell(self, topic: Group, story: Kept | None) -> None:
        """A topic has changed; with `story`, that one is new to it."""
        topic.changed = self.marks.records
        self.changes.topics[topic.id] = None
        self.changes.spoken[topic.id] = None
        if topic.told:
            if story is not None:
                self._assign(story)
        elif len(topic.stories) >= LEAST:
            topic.told = True
            for name in sorted(topic.stories):
                self._assign(self.stories[name])

    def rate(self, topic: Group, rate: Rate) -> None:
        """A topic's mentions an hour are these from now on."""
        topic.rate = rate
        if rate.rising():
            self._rising.add(topic.id)
        else:
            self._rising.discard(topic.id)

    def end(self, topic: Group, into: str | None) -> None:
        """Others must hear of a topic as it is before its stories are elsewhere (`into`) or forgotten, wherever a batch ends."""
        stories = [self.stories[name] for name in topic.stories]
        self.changes.ended.append(told_of(topic, stories, into))

    def drop(self, topic: Group) -> None:
        """A topic without stories is forgotten."""
        del self.topics[topic.id]
        self.postings.drop(topic.id)
        self._rising.discard(topic.id)
        self.changes.topics[topic.id] = None

    def topic_events(self) -> Iterator[Topic]:
        """Every told topic that has changed, those that are no more first."""
        yield from self.changes.ended
        for name in self.changes.spoken:
            topic = self.topics.get(name)
            if topic is not None and topic.told:
                yield told_of(topic, [self.stories[one] for one in topic.stories], None)

    def _assign(self, story: Kept) -> None:
        self.changes.fresh[story.id] = None
        self.changes.assigned[story.id] = assignment(story, self.marks.records, self.marks.enriched)

    def _advance(self, told: Spoken) -> None:
        marks, before = self.marks, self.marks.clock // HOUR_MS
        marks.records += 1
        marks.clock = max(marks.clock, told["last_seen"])
        marks.enriched = max(marks.enriched, told["updated_at"])
        marks.began = marks.began or told["last_seen"]
        hour = marks.clock // HOUR_MS
        if hour == before:
            return
        for name in sorted(self._rising):
            topic = self.topics[name]
            # What is told must not look as if it were rising for ever.
            if topic.told:
                self.rate(topic, topic.rate.at(hour))
                self.tell(topic, None)

    def _again(self, story: Kept, told: Spoken) -> None:
        moods = moods_of(told)
        more: tuple[int, int, int] = tuple(
            after - before for after, before in zip(moods, story.moods, strict=True)
        )  # type: ignore[assignment]  # three of three
        topic = self.topics[story.topic]
        topic.count(story, more)
        self._mention(topic, told, sum(more))
        story.moods = moods
        story.touched = self.marks.records
        story.first_seen = min(story.first_seen, told["first_seen"])
        story.last_seen = max(story.last_seen, told["last_seen"])
        story.updated_at = max(story.updated_at, told["updated_at"])
        story.hashtags = self._tagged(topic, story, told)
        topic.first_seen = min(topic.first_seen, story.first_seen)
        topic.last_seen = max(topic.last_seen, story.last_seen)
        topic.updated_at = max(topic.updated_at, story.updated_at)
        self.stories.move_to_end(story.id)
        self.changes.stories[story.id] = None
        self.tell(topic, None)

    def _tagged(self, topic: Group, story: Kept, told: Spoken) -> list[str]:
        new = [tag for tag in hashtags_of(told) if tag not in story.hashtags]
        for tag in new:
            topic.hashtags[tag] += story.mentions
        return [*story.hashtags, *new]

    def _join(self, told: Spoken) -> None:
        runs = runs_of(told["excerpt"])
        self._frequencies.add(terms_in(runs))
        vector = self._frequencies.vector(terms_in(runs))
        name, similarity = self._nearest(vector, told)
        times = told["first_seen"], told["last_seen"], told["updated_at"]
        story = Kept(
            told["id"],
            runs,
            vector,
            hashtags_of(told),
            self.marks.records,
            name,
            similarity,
            moods_of(told),
            *times,
        )
        topic = self.topics.get(name)
        if topic is None:
            topic = self.begin(name, story)
        self.stories[story.id] = story
        self._put(story, topic)
        # Of a story that began earlier it is not known how many posts are of this hour, only that one is.
        begins = told["first_seen"] // HOUR_MS >= told["last_seen"] // HOUR_MS - 1
        self._mention(topic, told, story.mentions if begins else 1)
        self.changes.stories[story.id] = None
        self.tell(topic, story)

    def _nearest(self, vector: Vector, told: Spoken) -> tuple[str, float]:
        """The topic that a new story belongs to, its own where it is like none."""
        for likeness, names in self.postings.ranked(vector, squared(vector), self.bounds.alike):
            name = max((name for name in names if self._in_time(self.topics[name], told)), default="")
            if name:
                return name, likeness
        # A story that was forgotten may have left a topic that bears its name.
        return told["id"], 1.0

    def _in_time(self, topic: Group, told: Spoken) -> bool:
        window = self.bounds.window_ms
        return (
            topic.first_seen - window <= told["last_seen"] and told["first_seen"] <= topic.last_seen + window
        )

    def _mention(self, topic: Group, told: Spoken, mentions: int) -> None:
        self.rate(topic, topic.rate.after(told["last_seen"], mentions))

    def _put(self, story: Kept, topic: Group) -> None:
        topic.add(story)
        self.postings.put(topic.id, topic.sums, story.vector, topic.squared)

    def _take(self, story: Kept) -> None:
        topic = self.topics[story.topic]
        topic.remove(story)
        self.postings.put(topic.id, topic.sums, story.vector, topic.squared)

    def _forget(self) -> None:
        for _ in range(FORGOTTEN):
            story = next(iter(self.stories.values()))
            over = (
                story.last_seen + self.bounds.window_ms < self.marks.clock
                and story.updated_at + SETTLED_MS < self.marks.enriched
            )
            if not over and len(self.stories) <= self.bounds.most:
                return
            topic = self.topics[story.topic]
            if topic.told and topic.id in self.changes.spoken:
                # As it is before it forgets, or what is told would depend on where the batch ends.
                self.end(topic, None)
                del self.changes.spoken[topic.id]
            self._take(story)
            del self.stories[story.id]
            self.changes.forgotten[story.id] = story
            self._frequencies.remove(story.terms())
            self.changes.stories[story.id] = None
            # Nothing is told of it: the latest revision stays what the topic was when it was last spoken of.
            if not topic.stories:
                self.drop(topic)


def moods_of(told: Spoken) -> tuple[int, int, int]:
    """Positive, negative and neutral posts of a story."""
    return told["positive"], told["negative"], told["neutral"]


def hashtags_of(told: Spoken) -> list[str]:
    """Hashtags among a story's subjects."""
    return [one.removeprefix("hashtag:") for one in told["subjects"] if one.startswith("hashtag:")]
