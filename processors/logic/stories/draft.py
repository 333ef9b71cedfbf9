"""One batch of fingerprints: to which story each post belongs, and what that does to the stories."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import nlargest
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.logic.stories import rows
from processors.logic.stories.index import COMMON, INDEXED, Changes, Index, Text, cells
from processors.logic.stories.rows import FIRST_SEEN, LAST_SEEN, MAX_TEXTS, TEXTS, TOUCHED_AT, Row
from processors.logic.stories.sample import Hashes, Sample, hashes_of, overlap, sample
from processors.logic.stories.signature import Signature
from schemas.events import Fingerprint, Story, StoryLink

ALIKE = 0.55
"""Share of the smaller text that must stand in the other one."""
ALIKE_AT_HOME = 0.75
"""The same where both are of one source: an outlet prints some words around all it prints, and of a short text they may be most."""
SAMPLED = 3
"""Sampled runs that must stand in both: fewer may be chance."""
RUNS = 6
"""Runs that must stand in both, estimated: eight words in a row. Short texts share phrases without one copying the other."""
LOOKED_AT = 6
"""Texts compared with one post at most, those that share most of the hashes they are found under."""
CHANGED = 0.85
"""A copy of which less than this stands in the text it copies is remembered as a text of its own, for copies of the copy."""
LONGER = 1.5
"""So is one that has as many times the runs of words: others may copy what the shorter one lacks."""
EVICTED = 4
"""Stories forgotten with one post at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long (ms) and how many stories are remembered.

    Within `window_ms` of event time before or after the posts of a story a copy belongs to it; after as much time
    of enrichment without a new post it is forgotten, and earlier where there are more than `most`.
    """

    window_ms: int
    most: int


class _Match(NamedTuple):
    similarity: float
    shared: int
    number: int
    story: str


class Draft:
    """Collects changes; neither index nor rows change before they are committed.

    What becomes of a post depends on the posts before it alone, not on where batches begin. `story` gives a committed row.
    """

    def __init__(
        self, index: Index, story: Callable[[str], Row | None], bounds: Bounds, number: int, touched: int
    ) -> None:
        self._index = index
        self._story = story
        self._bounds = bounds
        self.number = number
        """What the next text will be called."""
        self.touched = touched
        """How many posts there have been."""
        self.changes = Changes()
        self.rows: dict[str, Row | None] = {}
        """Every story that changed, None where it was forgotten."""
        self._ended: list[tuple[str, Row]] = []
        """Stories that changed and were forgotten after it."""
        self._authors: dict[str, set[str]] = {}
        self._having: dict[int, list[int]] = {}
        self._counts: Counter[int] = Counter()
        """What changed in the index's counts, by cell."""
        self._held = len(index)
        self._oldest = iter(index.stories)
        self._front = next(self._oldest, None)

    def join(self, told: Fingerprint) -> StoryLink:
        """Put a post into the story it copies, or begin one with it."""
        self._forget_old(told["enriched_at"])
        signature = Signature(told["signature"], told["shingles"])
        found = self._match(told, signature)
        again = rows.story_id(told["post_id"])
        if found is None and self._row(again) is not None:
            # A post that was forgotten by `enrich` and is told again: ids of stories follow from posts.
            found = _Match(1.0, 0, -1, again)
        key = again if found is None else found.story
        row = self._row(key)
        if row is None:
            self._make_room()
            row = rows.new_row(told)
            self._held += 1
        row = rows.added(row, told, self.touched)
        self.touched += 1
        if found is None or self._worth_remembering(found, row, signature):
            row[TEXTS] = [*row[TEXTS], self.number]
            self._add(Text(key, rows.source_of(told), signature))
        self.rows[key] = row
        self.changes.touched.pop(key, None)
        self.changes.touched[key] = None
        if told["author"]:
            self._authors.setdefault(key, set()).add(told["author"])
        return {
            "post_id": told["post_id"],
            "story_id": key,
            "is_copy": found is not None,
            "similarity": 1.0 if found is None else found.similarity,
            "platform": told["platform"],
            "source": told["source"],
            "url": told["url"],
            "author": told["author"],
            "event_at": told["event_at"],
            "collected_at": told["collected_at"],
            "enriched_at": told["enriched_at"],
        }

    def author(self, story: str) -> str | None:
        """Who began a story that is remembered, where that is known."""
        row = self._row(story)
        return None if row is None else row[rows.AUTHOR]

    def finish(self) -> None:
        """Count the authors, many at once; call it after the last post."""
        for key in list(self._authors):
            row = self.rows[key]
            if row is not None:
                self.rows[key] = self._with_authors(key, row)

    def stories(self) -> Iterator[Story]:
        """Every story that changed, as it is now or was when it was forgotten; call it after `finish`."""
        for key, last in self._ended:
            yield rows.story(key, last)
        for key, row in self.rows.items():
            if row is not None:
                yield rows.story(key, row)

    @property
    def texts(self) -> Mapping[str, Row | None]:
        """The row of every text that was added or (None) forgotten."""
        added = {str(number): rows.text_row(text) for number, text in self.changes.added.items()}
        return {**dict.fromkeys(map(str, self.changes.dropped)), **added}

    def _match(self, told: Fingerprint, signature: Signature) -> _Match | None:
        own, source = sample(signature, self._own), rows.source_of(told)
        best: _Match | None = None
        for number in self._candidates(own):
            text = self._text(number)
            shared = overlap(own, sample(text.signature, self._own))
            alike = ALIKE_AT_HOME if text.source == source else ALIKE
            if shared.share < alike or shared.sampled < SAMPLED or shared.runs < RUNS:
                continue
            if not self._in_time(text.story, told):
                continue
            found = _Match(shared.share, shared.sampled, number, text.story)
            if best is None or found > best:
                best = found
        return best

    def _candidates(self, own: Sample) -> list[int]:
        """The texts that share most hashes; of equal ones the latest, for reprints follow soon."""
        hits: dict[int, int] = {}
        for hashed in own.hashes:
            for number in self._index.having(hashed):
                hits[number] = hits.get(number, 0) + 1
            for number in self._having.get(hashed, ()):
                hits[number] = hits.get(number, 0) + 1
        dropped = self.changes.dropped
        found = ((shared, number) for number, shared in hits.items() if number not in dropped)
        return [number for _, number in nlargest(LOOKED_AT, found)]

    def _own(self, hashes: Hashes) -> npt.NDArray[np.bool_]:
        counts = self._index.counts(hashes)
        if self._counts:
            changed = map(self._counts.__getitem__, cells(hashes).tolist())
            counts = counts + np.fromiter(changed, np.int32, len(hashes))
        few: npt.NDArray[np.bool_] = counts < COMMON
        return few

    def _in_time(self, key: str, told: Fingerprint) -> bool:
        row = self._row(key)
        window = self._bounds.window_ms
        return (
            row is not None
            and row[FIRST_SEEN] - window <= told["event_at"] <= row[LAST_SEEN] + window
            and row[TOUCHED_AT] + window >= told["enriched_at"]
        )

    def _worth_remembering(self, found: _Match, row: Row, signature: Signature) -> bool:
        if found.number < 0 or len(row[TEXTS]) >= MAX_TEXTS:
            return False
        return (
            found.similarity < CHANGED
            or signature.shingles > LONGER * self._text(found.number).signature.shingles
        )

    def _add(self, text: Text) -> None:
        number, self.number = self.number, self.number + 1
        self.changes.added[number] = text
        hashes = hashes_of(text.signature)
        for hashed in hashes[:INDEXED].tolist():
            self._having.setdefault(hashed, []).append(number)
        self._counts.update(cells(hashes).tolist())

    def _forget_old(self, enriched_at: int) -> None:
        for _ in range(EVICTED):
            key, row = self._longest_quiet()
            if row is None or row[TOUCHED_AT] + self._bounds.window_ms >= enriched_at:
                return
            self._drop(key, row)

    def _make_room(self) -> None:
        for _ in range(EVICTED):
            key, row = self._longest_quiet()
            if row is None or self._held < self._bounds.most:
                return
            self._drop(key, row)

    def _longest_quiet(self) -> tuple[str, Row | None]:
        """The story without a new post for longest, and its row; no row where there is no story."""
        touched, forgotten = self.changes.touched, self.changes.forgotten
        while self._front is not None and (self._front in touched or self._front in forgotten):
            self._front = next(self._oldest, None)
        key = next(iter(touched), "") if self._front is None else self._front
        return key, self._row(key)

    def _drop(self, key: str, row: Row) -> None:
        for number in row[TEXTS]:
            hashes = hashes_of(self._text(number).signature)
            self._counts.subtract(cells(hashes).tolist())
            if self.changes.added.pop(number, None) is None:
                self.changes.dropped.add(number)
                continue
            for hashed in hashes[:INDEXED].tolist():
                self._having[hashed].remove(number)
        if key in self.changes.touched:
            # Others must hear of it as it was last, wherever a batch ends.
            self._ended.append((key, self._with_authors(key, row)))
            del self.changes.touched[key]
        self.changes.forgotten.add(key)
        self.rows[key] = None
        self._held -= 1

    def _with_authors(self, key: str, row: Row) -> Row:
        names = self._authors.pop(key, None)
        return rows.with_authors(row, names) if names else row

    def _row(self, key: str) -> Row | None:
        return self.rows[key] if key in self.rows else self._story(key)

    def _text(self, number: int) -> Text:
        added = self.changes.added.get(number)
        return self._index.texts[number] if added is None else added
