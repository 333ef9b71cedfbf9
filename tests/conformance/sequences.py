"""Every position exactly once, whatever happens to the connection: live, replayed, cut, through proxies, over WebSocket."""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from websockets.sync.client import connect

from tests.conformance.deployment import Deployment, Subject, place
from tests.conformance.proxy import Buffering, Cutting, Proxy
from tests.conformance.suite import Check, Size, must
from tests.support.sse import SseClient, SseEvent

_AT_ONCE = 500
_AHEAD = 2_000
"""Events that may be on their way, so that a reader in Python is not too slow for a writer in C."""


class Counted:
    """Counts the mentions of a client, whose list would take long to search."""

    def __init__(self) -> None:
        self.count = 0
        self.resets: list[Any] = []

    def __call__(self, event: SseEvent) -> None:
        self.count += event.event == "mentions"
        if event.event == "reset":
            self.resets.append(event.data)


def told(deployment: Deployment, subject: Subject, count: int, slowest: Callable[[], int]) -> None:
    """Say so much, never far ahead of `slowest`."""
    while len(subject.said) < count:
        deployment.say(subject, min(_AT_ONCE, count - len(subject.said)))
        waited = threading.Event()
        for _ in range(60_000):
            if len(subject.said) - slowest() <= _AHEAD:
                break
            waited.wait(0.005)
        else:
            raise TimeoutError(f"{slowest()} of {len(subject.said)} events within 300 s")


def whole(subject: Subject, client: SseClient, counted: Counted, patience_s: float = 120) -> None:
    """Wait until it has as many as were said; then exactly those, each once, in the order of each partition."""
    client.until(lambda: counted.count >= len(subject.said), f"{len(subject.said)} events", patience_s)
    client.stop()
    same(subject, client.of("mentions"))
    must(not counted.resets, f"a reset: {counted.resets[:1]}")


def same(subject: Subject, seen: list[tuple[int, int]]) -> None:
    """Exactly what was said, each once, in the order of each partition."""
    wanted, found = _by_partition(subject.said), _by_partition(seen)
    for partition, numbers in wanted.items():
        own = found.get(partition, [])
        missing, more = len(set(numbers) - set(own)), len(own) - len(set(own))
        must(not missing and not more, f"partition {partition}: {missing} missing, {more} more than once")
        must(own == numbers, f"partition {partition}: out of order")
    must(set(found) <= set(wanted), "events of other partitions")


def _by_partition(events: list[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for partition, number in events:
        found[partition].append(number)
    return found


def live_and_replayed(deployment: Deployment, size: Size) -> str:
    """Two clients, one live, one replaying into live with forced cuts, see the same."""
    subject = Subject(deployment)
    dice = random.Random(7)
    live_count, late_count = Counted(), Counted()
    live = deployment.client(subject.query, follow=True, on_event=live_count, keep=place).connect().opened()
    begun = live.last_id
    told(deployment, subject, size.events // 2, lambda: live_count.count)
    cuts, left = 0, dice.randint(0, 2 * size.events // size.cuts)

    def cut(event: SseEvent) -> None:
        nonlocal cuts, left
        late_count(event)
        left -= 1
        if left <= 0 and cuts < size.cuts:
            cuts, left = (
                cuts + 1,
                dice.randint(0, 2 * (size.events - late_count.count) // (size.cuts - cuts + 1)),
            )
            late.cut()

    late = deployment.client(subject.query, follow=True, on_event=cut, keep=place)
    late.connect(begun)
    told(deployment, subject, size.events, lambda: min(live_count.count, late_count.count + size.events))
    patience_s = 120 + size.cuts + size.events / 1000
    whole(subject, late, late_count, patience_s)
    whole(subject, live, live_count, patience_s)
    must(cuts >= size.cuts * 0.9, f"only {cuts} cuts")
    return f"{len(subject.said)} events, {cuts} cuts"


def _through(deployment: Deployment, size: Size, proxy: Proxy) -> tuple[SseClient, Subject]:
    subject = Subject(deployment)
    counted = Counted()
    with proxy:
        client = deployment.client(
            subject.query, url=lambda: proxy.url, follow=True, on_event=counted, keep=place
        ).connect()
        client.opened()
        told(deployment, subject, size.events // 3, lambda: counted.count)
        whole(subject, client, counted)
    return client, subject


def cutting_proxy(deployment: Deployment, size: Size) -> str:
    """A proxy that cuts wherever it likes, in the middle of an event too."""
    proxy = Cutting(deployment.address, random.Random(11), most_bytes=40_000)
    client, subject = _through(deployment, size, proxy)
    must(client.connections > 1, "it cut nothing")
    return f"{len(subject.said)} events over {client.connections} connections"


def buffering_proxy(deployment: Deployment, size: Size) -> str:
    """A proxy that hands on late and in lumps."""
    _, subject = _through(deployment, size, Buffering(deployment.address, wait_s=0.7))
    return f"{len(subject.said)} events, held 0.7 s each"


def websocket(deployment: Deployment, size: Size) -> str:
    """The same events and ids over WebSocket, and an id of the one goes on in the other."""
    subject = Subject(deployment)
    counted = Counted()
    # It follows: who reads in Python what a writer in C says at once may be too slow, and is closed, as promised.
    sse = deployment.client(subject.query, follow=True, on_event=counted, keep=place).connect().opened()
    begun = sse.last_id
    told(deployment, subject, size.events // 3, lambda: counted.count)
    whole(subject, sse, counted)
    address = deployment.address.replace("http", "ws", 1)
    query = urlencode({**subject.query, "last_event_id": begun})
    seen: list[tuple[int, int]] = []
    patience_s = 60 + size.events / 1000
    ends = time.monotonic() + patience_s
    with connect(
        f"{address}/api/v1/ws?{query}", proxy=None, additional_headers=deployment.headers()
    ) as socket:
        while len(seen) < len(subject.said):
            # Heartbeats go on where events are missing.
            must(time.monotonic() < ends, f"{len(seen)} of {len(subject.said)} events within {patience_s} s")
            events = json.loads(socket.recv(timeout=60))
            seen += [place(one["data"]) for one in events if one["event"] == "mentions"]
    same(subject, seen)
    return f"{len(seen)} events"


CHECKS = (
    Check("live and replayed with cuts", live_and_replayed, ("kafka",)),
    Check("a proxy that cuts", cutting_proxy, ("kafka",)),
    Check("a proxy that buffers", buffering_proxy, ("kafka",)),
    Check("over WebSocket", websocket, ("kafka",)),
)
