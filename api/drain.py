"""The end of a process' streams: each is told to come back, a few at a time, so that they do not come back all at once."""

import asyncio

from api.hub import Hub

_TURN_S = 0.05
_AT_ONCE = 20


async def drain(hub: Hub, grace_s: float) -> None:
    """Close every stream with the reason `shutdown`, the last one `grace_s` from now at the latest; whoever comes now is refused."""
    hub.draining = True
    hub.flush()
    waiting = list(hub)
    turns = max(1, int(grace_s / _TURN_S))
    share = max(_AT_ONCE, -(-len(waiting) // turns))
    for begin in range(0, len(waiting), share):
        if begin:
            await asyncio.sleep(_TURN_S)
        hub.flush()
        for subscription in waiting[begin : begin + share]:
            subscription.close("shutdown")
