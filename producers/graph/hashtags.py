"""Which hashtags Instagram was asked for: thirty different ones in any seven days, remembered in a cursor."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.events import Millis

MOST = 30
_WEEK_MS = 7 * 86_400_000
_NOT_TAG = re.compile(r"[\W]+", re.UNICODE)


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True)

    first: Mapping[str, Millis] = {}
    """Hashtag to when it was asked for first in its seven days; asking again neither counts nor prolongs them."""
    ids: Mapping[str, str] = {}


class Hashtags:
    """The hashtags of these seven days, with Instagram's ids of them."""

    def __init__(self, stored: str | None, now_ms: Millis) -> None:
        asked = _asked(stored)
        self._now = now_ms
        self._first = {tag: at for tag, at in asked.first.items() if at > now_ms - _WEEK_MS}
        self._ids = {tag: one for tag, one in asked.ids.items() if tag in self._first}

    @property
    def left(self) -> int:
        """How many other ones may be asked for."""
        return max(0, MOST - len(self._first))

    def admit(self, tag: str) -> bool | None:
        """Whether `tag` is asked for the first time in seven days, and counts; None where no more are allowed."""
        if tag in self._first:
            return False
        if not self.left:
            return None
        self._first[tag] = self._now
        return True

    def id_of(self, tag: str) -> str | None:
        """Instagram's id of a hashtag, where it has said it."""
        return self._ids.get(tag)

    def learn(self, tag: str, identity: str) -> None:
        """Keep Instagram's id of a hashtag; such ids never change."""
        self._ids[tag] = identity

    def next_at(self) -> str:
        """When the next place is free."""
        at = min(self._first.values(), default=self._now) + _WEEK_MS
        return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"

    def stored(self) -> str:
        """The cursor."""
        return _Asked(first=self._first, ids=self._ids).model_dump_json()


def hashtag(text: str) -> str:
    """A phrase as people tag it: `harga beras` becomes `hargaberas`; empty where nothing is left."""
    return _NOT_TAG.sub("", text.casefold())


def _asked(stored: str | None) -> _Asked:
    if stored is None:
        return _Asked()
    try:
        return _Asked.model_validate_json(stored)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", cursor=stored[:80])
        return _Asked()
