"""Folds the mentions of one batch into author partials: one per author and hour of event time."""

from collections.abc import Iterator
from typing import Any

from processors.logic.bounded import sample, top
from processors.logic.partials import author_of, engagement_of, subjects_of
from processors.logic.reposts import is_repost
from schemas.events import AuthorPartial, Mention, Millis

HOUR_MS = 3_600_000
MAX_SUBJECTS = 16
MAX_TEXTS = 32
MAX_SAMPLES = 5
MAX_NAME = 256
"""Bytes in UTF-8 of what an author is keyed by or called, of a subject, and of the id of a post that is kept as evidence.

Rows hold hundreds of these and must fit in a record. Nothing that a platform gives is as long.
"""


def fits(name: str) -> bool:
    """Whether a name or an id is short enough to be kept."""
    return len(name) <= MAX_NAME and len(name.encode()) <= MAX_NAME


def empty(author: str, platform: str, hour: Millis, day_only: bool, enriched_at: Millis) -> AuthorPartial:
    """A partial that adds nothing yet."""
    return {
        "author": author,
        "platform": platform,
        "name": None,
        "handle": None,
        "followers": None,
        "verified": None,
        "known_at": 0,
        "hour": hour,
        "day_only": day_only,
        "last_at": hour,
        "mentions": 0,
        "reposts": 0,
        "positive": 0,
        "negative": 0,
        "neutral": 0,
        "engagement": 0,
        "engaged": 0,
        "subjects": {},
        "texts": [],
        "samples": [],
        "originals": 0,
        "repeats": 0,
        "copies": 0,
        "marked": 0,
        "joined": [],
        "follow_positive": 0,
        "follow_negative": 0,
        "follow_neutral": 0,
        "enriched_at": enriched_at,
    }


class AuthorFold:
    """What one batch of one partition of posts adds to every author."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, int, bool], _Sum] = {}

    def add(self, mention: Mention, text: str) -> None:
        """Count one mention, which says `text`; one of which nobody knows the author, or an endless name, is nobody's."""
        author = author_of(mention)
        if author is None or not fits(author):
            return
        key = (author, mention["event_at"] // HOUR_MS * HOUR_MS, mention["published_precision"] == "day")
        total = self._sums.get(key)
        if total is None:
            total = self._sums[key] = _Sum()
        total.add(mention, repost=is_repost(text))

    def partials(self, enriched_at: Millis) -> Iterator[AuthorPartial]:
        """One for every author and hour, in the order in which they came."""
        for (author, hour, day_only), total in self._sums.items():
            yield total.partial(empty(author, total.platform, hour, day_only, enriched_at))


class _Sum:
    __slots__ = (
        "counts",
        "engaged",
        "engagement",
        "ids",
        "known",
        "known_at",
        "last_at",
        "mentions",
        "platform",
        "reposts",
        "subjects",
        "texts",
    )

    def __init__(self) -> None:
        self.platform = ""
        self.known: dict[str, Any] = {}
        self.known_at = self.last_at = 0
        self.mentions = self.reposts = self.engagement = self.engaged = 0
        self.counts = {"positive": 0, "negative": 0, "neutral": 0}
        self.subjects: dict[str, int] = {}
        self.texts: dict[int, list[str]] = {}
        self.ids: list[str] = []

    def add(self, mention: Mention, *, repost: bool) -> None:
        self.platform = mention["platform"]
        self.mentions += 1
        if fits(mention["id"]):
            self.ids.append(mention["id"])
        self.counts[mention["sentiment"]] += 1
        self.last_at = max(self.last_at, mention["event_at"])
        self._know(mention)
        if any(mention[part] is not None for part in ("likes", "shares", "comments")):
            self.engaged += 1
            self.engagement += engagement_of(mention)
        for kind, subject in subjects_of(mention):
            name = f"{kind}:{subject}"
            if kind != "all" and fits(name):
                self.subjects[name] = self.subjects.get(name, 0) + 1
        if repost:
            self.reposts += 1
        elif mention["fingerprint"] and fits(mention["id"]):
            self.texts.setdefault(mention["fingerprint"], []).append(mention["id"])

    def _know(self, mention: Mention) -> None:
        """Keep of each field what was collected last, where it was told at all."""
        latest = mention["collected_at"] >= self.known_at
        self.known_at = max(self.known_at, mention["collected_at"])
        for name in ("name", "handle", "followers", "verified"):
            value = mention[f"author_{name}"]  # type: ignore[literal-required]  # the four are fields
            if isinstance(value, str):
                value = value[: MAX_NAME // 4]
            if value is not None and (latest or name not in self.known):
                self.known[name] = value

    def partial(self, nothing: AuthorPartial) -> AuthorPartial:
        # Most posts first, so that what repeats is told however many texts there are; equal ones in order.
        texts = sorted(self.texts.items(), key=lambda item: -len(item[1]))[:MAX_TEXTS]
        return {
            **nothing,
            **self.known,  # type: ignore[typeddict-item]  # the four fields of the author
            **self.counts,
            "known_at": self.known_at,
            "last_at": self.last_at,
            "mentions": self.mentions,
            "reposts": self.reposts,
            "engagement": self.engagement,
            "engaged": self.engaged,
            "subjects": top(self.subjects, MAX_SUBJECTS),
            "texts": [{"fingerprint": one, "posts": len(ids), "post_id": ids[0]} for one, ids in texts],
            "samples": sample(self.ids, MAX_SAMPLES),
        }
