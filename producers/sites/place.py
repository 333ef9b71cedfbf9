"""Where the sites collector stands with an outlet: what of its list is known, and what is to be tried again."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from producers.web.memory import Memory, key

TRIES = 3
"""How often an article that cannot be read is tried, in as many runs."""


class Place(BaseModel):
    """The cursor of one outlet; `failed` are addresses of articles with how often they could not be read."""

    model_config = ConfigDict(frozen=True)

    memory: Memory = Memory()
    failed: Mapping[str, int] = {}

    def knows(self, identity: str) -> bool:
        """Whether the article of that identity is done with, or waits to be tried again."""
        return key(identity) in self.memory.seen

    def read(self, url: str, identity: str) -> "Place":
        """The place once the article is published or refused."""
        rest = {one: count for one, count in self.failed.items() if one != url}
        return Place(memory=self.memory.after(self.memory.url, [key(identity)], None, None), failed=rest)

    def missed(self, url: str, identity: str) -> "Place":
        """The place once the article could not be read this time."""
        after = self.memory.after(self.memory.url, [key(identity)], None, None)
        return Place(memory=after, failed={**self.failed, url: self.failed.get(url, 0) + 1})

    def done(self, url: str, identities: Sequence[str], etag: str | None, modified: str | None) -> "Place":
        """The place at the end of a run over the list at `url`; conditions only where nothing of it is left."""
        keys = [key(one) for one in identities]
        return Place(memory=self.memory.after(url, keys, etag, modified), failed=self.failed)
