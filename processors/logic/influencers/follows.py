"""Folds what stories tell of authors into author partials: who wrote first, who copied whom, and in which mood others follow.

Links of posts are keyed by their story, profiles by their author, and only `stories` knows who began a story: so it tells the
authors. An answer follows where the post it answers began a story that is remembered, for ids of stories follow from posts.
"""

from collections.abc import Iterator

from processors.logic.influencers.partials import HOUR_MS, empty, fits
from processors.logic.reposts import is_repost
from schemas.events import AuthorPartial, Fingerprint, Joined, StoryLink

MAX_JOINED = 16


class FollowFold:
    """What the posts of one batch of fingerprints add to their authors, and to those whose stories they belong to or answer."""

    def __init__(self) -> None:
        self._partials: dict[tuple[str, int, bool], AuthorPartial] = {}

    def add(self, told: Fingerprint, link: StoryLink, began: str | None, answered: str | None) -> None:
        """Count one post: `began` wrote the first one of its story, `answered` that of the story begun by what it answers."""
        author, began, answered = map(_named, (told["author"], began, answered))
        if author is None:
            return
        # Whose text it is and whose post it answers may be the same: what it says then follows once.
        for one in dict.fromkeys((began if link["is_copy"] else None, answered)):
            if one is not None and one != author:
                followed = self._of(one, told)
                followed[f"follow_{told['sentiment']}"] += 1  # type: ignore[literal-required]  # the three sentiments
        if not link["is_copy"]:
            self._of(author, told)["originals"] += 1
        else:
            self._copied(self._of(author, told), told, link["story_id"], began or "")

    @staticmethod
    def _copied(partial: AuthorPartial, told: Fingerprint, story_id: str, began: str) -> None:
        if is_repost(told["excerpt"]):
            partial["marked"] += 1
            return
        partial["repeats" if began == partial["author"] else "copies"] += 1
        if len(partial["joined"]) < MAX_JOINED and fits(told["post_id"]):
            joined: Joined = {"story_id": story_id, "author": began, "post_id": told["post_id"]}
            partial["joined"] = [*partial["joined"], joined]

    def _of(self, author: str, told: Fingerprint) -> AuthorPartial:
        key = (author, told["event_at"] // HOUR_MS * HOUR_MS, told["day_only"])
        partial = self._partials.get(key)
        if partial is None:
            platform = author.partition(":")[0]
            partial = self._partials[key] = empty(author, platform, key[1], key[2], told["enriched_at"])
        partial["enriched_at"] = max(partial["enriched_at"], told["enriched_at"])
        return partial

    def partials(self) -> Iterator[AuthorPartial]:
        """One for every author and hour, in the order in which they came."""
        yield from self._partials.values()


def _named(author: str | None) -> str | None:
    """The author, if the name can be a key."""
    return None if author is None or not fits(author) else author
