"""The rows of a story and of its texts: their layout, how a post is added, and the event that is made of it.

Rows are JSON lists. A story's is laid out by the constants below; a text's is `[story id, platform/source, shingles,
signature in base64]` under its number.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from processors.logic import authors
from processors.logic.bounded import top
from processors.logic.stories.index import Changes, Index, Text
from processors.logic.stories.signature import Signature
from schemas.events import Fingerprint, Story

Row = list[Any]

(
    TOUCHED,
    TOUCHED_AT,
    FIRST_SEEN,
    LAST_SEEN,
    POSTS,
    POSITIVE,
    NEGATIVE,
    NEUTRAL,
    AUTHORS,
    SUBJECTS,
    SOURCES,
    TEXTS,
    POST_ID,
    PLATFORM,
    SOURCE,
    URL,
    EXCERPT,
    AUTHOR,
) = range(18)
"""`TOUCHED` counts the posts of all stories: the story with the lowest has been without one for longest. `TEXTS` are numbers."""

MAX_SUBJECTS = 48
MAX_SOURCES = 32
MAX_TEXTS = 4
"""Texts of one story that others are compared with: its first, and copies that add words or have changed much."""

_MOODS = {"positive": POSITIVE, "negative": NEGATIVE, "neutral": NEUTRAL}


def story_id(post_id: str) -> str:
    """The id of the story that begins with a post: 128 bits in 32 hexadecimal digits, fit for an address."""
    return blake2b(post_id.encode(), digest_size=16).hexdigest()


def source_of(told: Fingerprint) -> str:
    """Where a post was published, told apart across platforms."""
    return f"{told['platform']}/{told['source']}"


def new_row(told: Fingerprint) -> Row:
    """The row of a story that begins with this post, which is yet to be added."""
    at = told["event_at"]
    return [
        *(0, 0, at, at, 0, 0, 0, 0, "", [], {}, []),
        *(told["post_id"], told["platform"], told["source"], told["url"], told["excerpt"]),
        told["author"],
    ]


def added(row: Row, told: Fingerprint, touched: int) -> Row:
    """A copy of the row with one more post; its author is left to `with_authors`."""
    after = row[:]
    after[TOUCHED] = touched
    after[TOUCHED_AT] = max(row[TOUCHED_AT], told["enriched_at"])
    after[FIRST_SEEN] = min(row[FIRST_SEEN], told["event_at"])
    after[LAST_SEEN] = max(row[LAST_SEEN], told["event_at"])
    after[POSTS] += 1
    after[_MOODS[told["sentiment"]]] += 1
    after[SUBJECTS] = list(dict.fromkeys([*row[SUBJECTS], *told["subjects"]]))[:MAX_SUBJECTS]
    name = source_of(told)
    sources = {**row[SOURCES], name: row[SOURCES].get(name, 0) + 1}
    # Twice the bound before it is cut: what is just below it now has a chance to grow.
    after[SOURCES] = sources if len(sources) <= 2 * MAX_SOURCES else top(sources, MAX_SOURCES)
    return after


def with_authors(row: Row, names: set[str]) -> Row:
    """A copy of the row that counts these authors too."""
    after = row[:]
    sketches = [authors.sketch(sorted(names))]
    if row[AUTHORS]:
        sketches.append(b64decode(row[AUTHORS]))
    after[AUTHORS] = b64encode(sketches[0] if len(sketches) == 1 else authors.merged(sketches)).decode()
    return after


def story(key: str, row: Row) -> Story:
    """The story as the row has it; its revision is the number of its posts, so it grows with every change."""
    return {
        "id": key,
        "revision": row[POSTS],
        "post_id": row[POST_ID],
        "platform": row[PLATFORM],
        "source": row[SOURCE],
        "url": row[URL],
        "excerpt": row[EXCERPT],
        "subjects": row[SUBJECTS],
        "sources": top(row[SOURCES], MAX_SOURCES),
        "copies": row[POSTS] - 1,
        "authors": authors.estimate(b64decode(row[AUTHORS])) if row[AUTHORS] else 0,
        "positive": row[POSITIVE],
        "negative": row[NEGATIVE],
        "neutral": row[NEUTRAL],
        "first_seen": row[FIRST_SEEN],
        "last_seen": row[LAST_SEEN],
        "updated_at": row[TOUCHED_AT],
    }


def text_row(text: Text) -> Row:
    """The row of a text."""
    signature = text.signature
    return [text.story, text.source, signature.shingles, b64encode(signature.hashes).decode()]


def text_of(row: Row) -> Text:
    """The text of a row."""
    key, source, shingles, hashes = row
    return Text(key, source, Signature(b64decode(hashes), shingles))


def restored(stories: Mapping[str, Row], texts: Mapping[str, Row]) -> Index:
    """The index over committed rows."""
    index = Index()
    in_order = sorted(stories, key=lambda key: int(stories[key][TOUCHED]))
    added = {int(number): text_of(row) for number, row in texts.items()}
    index.take(Changes(added=added, touched=dict.fromkeys(in_order)))
    return index
