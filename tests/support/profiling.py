"""The handler of `influencers` over rows in memory: batches, commits, and crashes with and without their commit."""

from collections.abc import Iterable
from typing import Any, cast

from processors.agents.influencers import Influencers
from processors.logic.fingerprint import fingerprint
from processors.logic.folded import fold
from processors.logic.influencers.partials import AuthorFold
from processors.logic.stories.fingerprints import fingerprint_of
from processors.logic.stories.signature import signature
from processors.settings import InfluencersSettings
from schemas.events import AuthorPartial, Fingerprint, Influencer, Mention
from tests.support.memory_stage import MemoryStage, latest
from tests.support.mentions import mention

START = 1_440_374_400_000
"""The beginning of a day in UTC."""


class Profiler(MemoryStage[AuthorPartial]):
    """One partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self.sent: list[Influencer] = []
        super().__init__(
            Influencers,
            InfluencersSettings(**settings),
            topic="author-partials",
            event="author_partial",
            key="author",
            into={"influencer": self.sent},
        )

    def latest(self) -> dict[str, Influencer]:
        """The highest revision of every author."""
        return latest(self.sent)


def said(number: int, author: str, at: int, text: str, **changes: Any) -> Mention:
    """A mention `x:NUMBER` by `x:AUTHOR` at so many milliseconds after START, enriched a second later."""
    when = {"event_at": START + at, "published_at": START + at, "collected_at": START + at}
    own = {"author_id": author, "author_handle": None, "author_followers": None, "author_verified": None}
    made = mention(number, text=text, fingerprint=fingerprint(fold(text)), **when, **own)
    return cast("Mention", made | {"sentiment": "neutral", "enriched_at": START + at + 1000} | changes)


def partials(mentions: Iterable[Mention], size: int = 50) -> list[AuthorPartial]:
    """What `enrich` tells of them, in batches of that size."""
    told = list(mentions)
    made: list[AuthorPartial] = []
    for at in range(0, len(told), size):
        batch = AuthorFold()
        for one in told[at : at + size]:
            batch.add(one, one["text"])
        made += batch.partials(max(one["enriched_at"] for one in told[at : at + size]))
    return made


def told_to_stories(mentions: Iterable[Mention]) -> list[Fingerprint]:
    """The fingerprints of those that are long enough."""
    found = ((one, signature(fold(one["text"]))) for one in mentions)
    return [fingerprint_of(one, one["text"], sign, 0, 0) for one, sign in found if sign is not None]
