"""The opening of a stream, whatever carries it: where it starts, what its first event says, and for whom it is."""

from dataclasses import dataclass
from typing import Any

from api.access.identity import Identity
from api.asked import Asked
from api.positions import joined
from api.resume import Start
from api.services import Services
from api.stream import Stream


@dataclass(frozen=True, slots=True)
class Opening:
    """A stream that is ready to run from `start` on; `said` goes into its `open` event."""

    stream: Stream
    start: Start
    said: dict[str, Any]


async def opening(own: Services, wanted: Asked, last_id: str | None, asks: Identity) -> Opening:
    """Find the start: after `last_id` (the header), else after `last_event_id`, else at `since`, else now. Raises Retryable."""
    parameters, narrowed = wanted.parameters, wanted.filter(asks.user)
    given = [one for one in parameters.last_event_id if one]
    requested = last_id or (joined(given) if given else None)
    start = await _start(own, narrowed.topics, requested, parameters.since)
    said: dict[str, Any] = {
        "requested": requested,
        "since": None if requested else parameters.since,
        "filter": wanted.narrowing,
    }
    made = Stream(own, narrowed, conflate=parameters.conflate is not None, expires_at=asks.expires_at)
    return Opening(made, start, said)


async def _start(own: Services, topics: tuple[str, ...], requested: str | None, since: int | None) -> Start:
    if requested is not None:
        return await own.starts.after(topics, requested)
    if since is not None:
        return await own.starts.since(topics, since)
    return own.starts.now(topics)
