"""The writer: every post of a slice of time, the same for the same plan and slice, whoever asks and whenever."""

import random
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from hashlib import sha256
from itertools import accumulate
from typing import Literal, NamedTuple

from producers.simulation.people import somebody
from producers.simulation.plan import MINUTE_MS, Plan
from producers.simulation.wording import feeling, headline, talk
from producers.simulation.world import PLATFORMS, Language, Platform, Subject, subjects
from schemas.events import Millis, Post

NAME = "simulate"
SLICE_MS = 10_000
"""Short, so that whoever starts in the middle of one soon reaches the present."""

_REMEMBERED = 50
"""How many posts of a slice and platform can still be answered or repeated."""

_TAGGED = 0.5
"""Share of posts whose platform states the symbols they are about."""

_PLATFORM_SHARES = tuple(accumulate(platform.weight for platform in PLATFORMS))


class _Told(NamedTuple):
    post: Post
    subject: Subject


class Writer:
    """Writes the posts of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        # Another plan makes other posts, so it must make other ids.
        self.world = sha256(repr(plan).encode()).hexdigest()[:8]

    def posts(self, slice_number: int) -> Iterator[Post]:
        """The posts of that slice after the epoch, in order of time; collected as they are published."""
        start = slice_number * SLICE_MS
        rate, weights, burst = self._plan.weights(start // MINUTE_MS)
        shares = list(accumulate(weights))
        dice = random.Random(f"{self.world}/{slice_number}")  # noqa: S311 -- made-up posts, not secrets
        recent: dict[str, deque[_Told]] = {platform.name: deque(maxlen=_REMEMBERED) for platform in PLATFORMS}
        at = start + dice.expovariate(rate) * 1000
        number = 0
        while at < start + SLICE_MS:
            subject = subjects()[bisect(shares, dice.random() * shares[-1])]
            mood = burst.mood if burst is not None and burst.subject is subject else subject.mood
            platform = PLATFORMS[bisect(_PLATFORM_SHARES, dice.random() * _PLATFORM_SHARES[-1])]
            # An answer is to something of the same subject, or bursts would spread to what is answered.
            told = [one for one in recent[platform.name] if one.subject is subject]
            draft = _Draft(dice, platform, f"s{self.world}-{slice_number}-{number}", int(at), subject, mood)
            if told and dice.random() < platform.answers:
                yield draft.answer(dice.choice(told).post)
            else:
                post = draft.fresh()
                recent[platform.name].append(_Told(post, subject))
                yield post
            number += 1
            at += dice.expovariate(rate) * 1000


class _Draft(NamedTuple):
    """A post about to be written."""

    dice: random.Random
    platform: Platform
    native: str
    at: Millis
    subject: Subject
    mood: float

    def fresh(self) -> Post:
        """A post of its own."""
        language: Language = "en" if self.dice.random() < self.platform.english else "id"
        calm = self.platform.name == "news"
        how = feeling(self.dice, self.mood, calm=calm)
        source = self.dice.choice(self.platform.sources)
        if calm:
            return self._post("article", language, headline(self.dice, language, self.subject, how), source)
        text = talk(self.dice, language, self.subject, how)
        return self._post("video" if self.platform.name == "youtube" else "post", language, text, source)

    def answer(self, told: Post) -> Post:
        """A reprint of a headline, a retweet, or a comment under a post."""
        language: Language = "en" if told["lang"] == "en" else "id"
        if self.platform.name == "news":
            return self._post("article", language, told["text"], self.dice.choice(self.platform.sources))
        if self.platform.name == "x":
            text = f"RT @{told['author_handle']}: {told['text']}"
            return self._post("post", language, text, told["source"])
        how = feeling(self.dice, self.mood, calm=False)
        text = talk(self.dice, language, self.subject, how)
        return self._post("comment", language, text, told["source"], parent=told["id"])

    def _post(
        self,
        kind: Literal["article", "post", "comment", "video"],
        language: Language,
        text: str,
        source: str,
        parent: str | None = None,
    ) -> Post:
        dice, platform = self.dice, self.platform.name
        author = somebody(dice, self.platform)
        outlet = kind == "article"
        likes = int(dice.lognormvariate(0.5, 1.2) * (1 + author.followers**0.4 / 10))
        return Post(
            id=f"{platform}:{self.native}",
            platform=platform,
            source=source,
            kind=kind,
            url=f"https://{platform}.invalid/{self.native}",
            title=text if kind in {"article", "video"} else None,
            text=text,
            lang=language,
            author_id=author.id,
            author_name=author.name,
            author_handle=None if outlet else author.handle,
            author_followers=None if outlet else author.followers,
            author_verified=None if outlet else author.verified,
            likes=None if outlet else likes,
            shares=int(likes * dice.uniform(0, 0.4)),
            comments=int(likes * dice.uniform(0, 0.3)),
            views=likes * dice.randint(10, 60) if kind == "video" else None,
            parent_id=parent,
            matched=[],
            symbols=list(self.subject.symbols) if platform != "news" and dice.random() < _TAGGED else [],
            published_at=self.at,
            published_precision="second",
            event_at=self.at,
            collected_at=self.at,
            collector=NAME,
            raw=None,
        )
