"""The opening of a stream, whatever carries it: where it starts, what its first event says, and for whom it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from api.access.identity import Identity
from api.asked import Asked, said
from api.filters import Filter
from api.positions import joined
from api.resume import Start
from api.services import Services
from api.stream import Stream


class Opening(NamedTuple):
    """A stream that is ready to run from `start` on; `said` goes into its `open` event."""

    stream: Stream
    start: Start
    said: Mapping[str, Any]


async def opening(own: Services, wanted: Asked, last_id: str | None, asks: Identity) -> Opening:
    """Find the start: after `last_id` (the header), else after `last_event_id`, else at `since`, else now. Raises Retryable."""
    given = [one for one in wanted.parameters.last_event_id if one]
    requested = last_id or (joined(given) if given else None)
    narrowed = wanted.filter(asks.user)
    start = await _start(own, narrowed.topics, requested, wanted.parameters.since)
    since = None if requested else wanted.parameters.since
    return Opening(_made(own, wanted, narrowed, asks), start, said(requested, since, wanted.narrowing))


def opening_now(own: Services, wanted: Asked, asks: Identity) -> Opening:
    """The same from now, for which nothing has to be looked up. Raises Retryable."""
    narrowed = wanted.filter(asks.user)
    start = own.starts.now(narrowed.topics)
    return Opening(_made(own, wanted, narrowed, asks), start, wanted.of_now)


def _made(own: Services, wanted: Asked, narrowed: Filter, asks: Identity) -> Stream:
    conflate = wanted.parameters.conflate is not None
    return Stream(own, narrowed, conflate=conflate, expires_at=asks.expires_at)


async def _start(own: Services, topics: tuple[str, ...], requested: str | None, since: int | None) -> Start:
    if requested is not None:
        return await own.starts.after(topics, requested)
    if since is not None:
        return await own.starts.since(topics, since)
    return own.starts.now(topics)
