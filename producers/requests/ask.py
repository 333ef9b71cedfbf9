"""Asks a collector that runs, here or elsewhere, to collect now."""

import uuid
from collections.abc import Sequence
from threading import Event

from producers.clock import now_ms
from producers.publisher import Publisher
from producers.registry import COLLECTORS, searching
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.errors import Fatal
from schemas.events import Request


def ask(
    settings: ProducerSettings, codec: Codec, target: str, source: str | None, keywords: Sequence[str]
) -> Request:
    """Send the request and return it once Kafka has it; raises Fatal where nobody could answer it, Retryable, Poison.

    Which sources and keywords there are only the collector knows: it refuses what there is not.
    """
    if target not in COLLECTORS:
        raise Fatal(f"no collector is called {target!r}; there are: {', '.join(COLLECTORS)}")
    if keywords and not searching(target):
        raise Fatal(f"{target} does not search for keywords")
    request = Request(
        id=uuid.uuid4().hex,
        action="collect",
        target=target,
        source=source,
        keywords=list(keywords),
        requested_at=now_ms(),
    )
    publisher = Publisher(settings, codec, "request", Event())
    try:
        publisher.publish("requests", request)
        publisher.flush()
    finally:
        publisher.close()
    return request
