"""Where the newsapi collector stands: its quota and turns, and what is known of each keyword."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from producers.newsapi.budget import Budget
from producers.wanted import Wanted
from schemas.events import Millis

_KEPT = 2_000
_DAY_MS = 86_400_000
_FIRST_DAYS = 2
"""How far the first search of a keyword goes back: on the developers' plan articles are a day late."""
_AGAIN_DAYS = 1
"""How far each search goes back before the newest known: outlets are indexed late, and in no order."""
_OLDEST_DAYS = 29
"""A plan that costs nothing shows a month."""


class Standing(BaseModel):
    """The cursor of the source: requests made, and what each keyword has had of them."""

    model_config = ConfigDict(frozen=True)

    budget: Budget = Budget()
    had: Mapping[str, int] = {}


class Window(BaseModel):
    """What a search is over: published from `since` to `until`; None: now."""

    model_config = ConfigDict(frozen=True)

    since: Millis
    until: Millis | None = None


class Place(BaseModel):
    """The cursor of one keyword: its newest article, short keys of the last ones, and what a search did not come to."""

    model_config = ConfigDict(frozen=True)

    newest: Millis | None = None
    seen: Sequence[str] = ()
    unread: Window | None = None

    def window(self, one: Wanted, now: Millis) -> Window:
        """What is to be searched now: first what was left unread."""
        if self.unread is not None:
            return self.unread
        first = now - _FIRST_DAYS * _DAY_MS if self.newest is None else self.newest - _AGAIN_DAYS * _DAY_MS
        return Window(since=max(first, one.monitoring_start or 0, now - _OLDEST_DAYS * _DAY_MS))

    def after(self, keys: Sequence[str], newest: Millis | None, unread: Window | None) -> "Place":
        """The place once the articles `keys` are published, of which `newest` is the time of the newest."""
        moments = [one for one in (self.newest, newest) if one is not None]
        kept = list(dict.fromkeys([*keys, *self.seen]))[:_KEPT]
        return Place(newest=max(moments, default=None), seen=kept, unread=unread)


def rest(window: Window, oldest: Millis | None) -> Window | None:
    """What of `window` was not read where its results ended early at `oldest`; None where that leads no further."""
    if oldest is None or oldest < window.since or (window.until is not None and oldest >= window.until):
        return None
    return Window(since=window.since, until=oldest)
