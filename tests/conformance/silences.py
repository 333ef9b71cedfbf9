"""Peers that fall silent while their connection stands: a network that drops everything, a proxy that hands nothing on any more.

No FIN and no RST ever comes of them; only time tells. How much: ADR 22.
"""

import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

from tests.conformance.clients import listening, read
from tests.conformance.deployment import Deployment, Subject
from tests.conformance.figures import closed, soon, streams
from tests.conformance.proxy import Freezing
from tests.conformance.suite import Check, Size, Unasked, must
from tests.support.unplugged import unplug

_PATIENCE_S = 240
"""More than twice the send deadline that is the default, and a heartbeat."""
_LARGE = "x" * 8_000


@contextmanager
def _both(
    deployment: Deployment, query: dict[str, str], address: str
) -> Iterator[tuple[socket.socket, ClientConnection, float]]:
    """A stream as Server-Sent Events and one over WebSocket, both open; and how many streams there were before."""
    before = streams(deployment)
    sse = listening(deployment, query, address)
    try:
        read(sse, until=b"\n\n")
        url = f"{address.replace('http', 'ws', 1)}/api/v1/ws?{urlencode(query)}"
        with connect(
            url,
            proxy=None,
            additional_headers=deployment.headers(),
            ping_interval=None,
            close_timeout=0,
            max_queue=None,
        ) as ws:
            first: list[Any] = json.loads(ws.recv(timeout=60))
            must(first[0]["event"] == "open", f"it begins with {first[0]['event']}")
            soon(lambda: streams(deployment) >= before + 2, "both are counted")
            yield sse, ws, before
    finally:
        sse.close()


def unplugged(deployment: Deployment, _: Size) -> str:
    """Whom no packet reaches any more is noticed without an event, over SSE and over WebSocket, and counted as vanished."""
    counted = closed(deployment, "vanished")
    with _both(deployment, {}, deployment.address) as (sse, ws, before):
        try:
            unplug(sse)
            unplug(ws.socket)
        except OSError as error:
            raise Unasked(f"needs Linux: {error}") from None
        first = soon(lambda: streams(deployment) <= before + 1, "one of them is noticed", _PATIENCE_S)
        second = soon(lambda: streams(deployment) <= before, "both are noticed", _PATIENCE_S)
    after = closed(deployment, "vanished")
    if counted is not None and after is not None:
        must(after >= counted + 2, f"{after - counted:g} of 2 are counted as vanished")
    return f"noticed after {first:.1f} and {first + second:.1f} s"


def frozen(deployment: Deployment, _: Size) -> str:
    """Behind a proxy that takes what it is given and hands nothing on: WebSocket by its pings, SSE once no more is taken.

    The proxy acknowledges for a client who is not there, so that of an SSE stream nothing shows before its buffers are full.
    """
    subject = Subject(deployment)
    reasons = ("vanished", "stalled", "overflow")
    counted = closed(deployment, *reasons)
    with (
        Freezing(deployment.address, receive_bytes=4096) as proxy,
        _both(deployment, subject.query, proxy.url) as (_sse, _ws, before),
    ):
        proxy.freeze()
        first = soon(lambda: streams(deployment) <= before + 1, "the WebSocket is noticed", _PATIENCE_S)
        said = 0
        for turn in itertools.count():
            must(turn < 40, "all of it went into buffers that have no bound")
            deployment.say(subject, 50, text=_LARGE)
            said += 50
            if streams(deployment) <= before:
                break
    after = closed(deployment, *reasons)
    if counted is not None and after is not None:
        must(after >= counted + 2, f"{after - counted:g} of 2 are counted by their reason")
    return f"WebSocket after {first:.1f} s, SSE after {said} events"


CHECKS = (
    Check("a network that drops everything", unplugged),
    Check("a proxy that freezes", frozen, ("kafka",)),
)
