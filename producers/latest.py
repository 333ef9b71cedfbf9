"""The posts whose counts are read again: the latest ones that a collector has published. Kept in a cursor."""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from producers.base import Item, Refused
from schemas.events import Engagement, Millis

_HOUR_MS = 3_600_000


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)

    at: Mapping[str, Millis] = {}


class Latest:
    """Native ids of posts with their times; at most `most` of them, and none that is older than `hours`."""

    def __init__(self, stored: str | None, most: int, hours: float) -> None:
        self._most = most
        self._reach_ms = round(hours * _HOUR_MS)
        self._at = dict(_kept(stored).at)

    def add(self, items: Iterable[Item | Refused], kind: str | None = None) -> None:
        """Keep the posts among `items`, of one kind or of any."""
        for item in items:
            if isinstance(item, Item) and item.topic == "posts" and kind in (None, item.record["kind"]):
                self._at[item.record["id"].partition(":")[2]] = item.record["event_at"]

    def ids(self, now_ms: Millis) -> Sequence[str]:
        """Those whose counts are to be read at `now_ms`, the newest first."""
        fresh = [name for name, at in self._at.items() if at >= now_ms - self._reach_ms]
        return sorted(fresh, key=lambda name: (-self._at[name], name))[: self._most]

    def stored(self, now_ms: Millis) -> str:
        """The cursor."""
        return _Kept(at={name: self._at[name] for name in self.ids(now_ms)}).model_dump_json()


def engagement(
    platform: str,
    native: str,
    read_at: Millis,
    *,
    likes: int | None = None,
    shares: int | None = None,
    comments: int | None = None,
    views: int | None = None,
) -> Item:
    """The counts of a post as they were read at `read_at`; the collector is called as its platform."""
    record = Engagement(
        post_id=f"{platform}:{native}",
        platform=platform,
        read_at=read_at,
        likes=likes,
        shares=shares,
        comments=comments,
        views=views,
        collector=platform,
    )
    return Item("engagements", record, f"{platform}:{native}")


def _kept(stored: str | None) -> _Kept:
    if stored is None:
        return _Kept()
    try:
        return _Kept.model_validate_json(stored)
    except ValidationError:
        structlog.get_logger().warning("cursor_unreadable", cursor=stored[:80])
        return _Kept()
