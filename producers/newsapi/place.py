"""Where the newsapi collector stands: its quota and turns, and what is known of each keyword."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from producers.newsapi.budget import Budget
from producers.wanted import Wanted
from schemas.events import Millis

_KEPT = 2_000
_WINDOWS = 10
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
    """The cursor of one keyword: its newest article, short keys of the last ones, and what searches did not come to.

    Turns alternate between what is new and what was left `unread`, so that neither waits for the other for ever.
    """

    model_config = ConfigDict(frozen=True)

    newest: Millis | None = None
    seen: Sequence[str] = ()
    unread: Sequence[Window] = ()
    back: bool = False
    """Whether the next turn goes back."""

    def window(self, one: Wanted, now: Millis) -> Window:
        """What is to be searched now."""
        if self.back and self.unread:
            return self.unread[-1]
        first = now - _FIRST_DAYS * _DAY_MS if self.newest is None else self.newest - _AGAIN_DAYS * _DAY_MS
        return Window(since=max(first, one.monitoring_start or 0, now - _OLDEST_DAYS * _DAY_MS))

    @property
    def crowded(self) -> bool:
        """Whether one more that is left unread means that the oldest is given up."""
        return len(self.unread) == _WINDOWS

    def joins(self, window: Window, oldest: Millis | None) -> bool:
        """Whether results of `window` down to `oldest` come to what was read before."""
        return window.until is None and None not in (self.newest, oldest) and oldest <= self.newest  # type: ignore[operator]  # neither is None

    def after(
        self, window: Window, keys: Sequence[str], newest: Millis | None, rest: Window | None
    ) -> "Place":
        """The place once the articles `keys` of `window` are published; `newest` is the time of the newest of them.

        `rest` is what of the window was not read. Of what is unread only the latest is kept.
        """
        moments = [one for one in (self.newest, newest) if one is not None]
        unread = [one for one in self.unread if one != window] + ([] if rest is None else [rest])
        return Place(
            newest=max(moments, default=None),
            seen=list(dict.fromkeys([*keys, *self.seen]))[:_KEPT],
            unread=unread[-_WINDOWS:],
            back=bool(unread) and window.until is None,
        )

    def rest(self, window: Window, oldest: Millis | None) -> Window | None:
        """What of `window` was not read where its results ended early at `oldest`; None where that leads no further."""
        since = window.since if window.until is not None else max(window.since, self.newest or 0)
        if oldest is None or oldest < since or (window.until is not None and oldest >= window.until):
            return None
        return Window(since=since, until=oldest)
