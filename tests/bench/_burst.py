"""Bursts planted in a running stack: how long until each is an alert at an SSE client."""

import json
import statistics
import time
from itertools import count
from typing import Any

from deploy.control import read_seeds
from deploy.keywords import KeywordSeed
from deploy.settings import DeploySettings
from tests.bench.report import Row
from tests.support.rooms import ROOT
from tests.support.sse import SseClient
from tests.support.stack import Stack
from tests.support.stages import Feed

_BURSTS = 12
_POSTS = 40
_HOUR_MS = 3_600_000
_PATIENCE_S = 60
_NUMBERS = count(1)


def burst_to_alert(stack: Stack) -> list[Row]:
    """p50 and the longest time from the last post of a burst, acknowledged by Kafka, to its alert at a client.

    Each burst is of a keyword of its own, which was heard of once an hour ago: what is usual is known, and it is little. The rule is
    the default `volume-burst-keyword`: five minutes, told while they still run.
    """
    feed = Feed(stack.kafka, "denyut.")
    seeds = read_seeds(DeploySettings().keywords_file, "keywords", KeywordSeed)
    keywords = [seed for seed in seeds if seed.active and not seed.languages][:_BURSTS]
    an_hour_ago = _now() - _HOUR_MS
    feed.send("posts", [_post(keyword.text, an_hour_ago) for keyword in keywords])
    stack.wait(120)
    client = SseClient(stack.api, {"topics": "alerts"}).connect().opened()
    delays = []
    for keyword in keywords:
        feed.send("posts", [_post(keyword.text, _now()) for _ in range(_POSTS)])
        planted = time.time()
        subject = f"keyword:{keyword.id or keyword.text}"
        client.until(lambda subject=subject: _told(client, subject) is not None, subject, _PATIENCE_S)  # type: ignore[misc]
        told = _told(client, subject)
        delays.append(1000 * ((told or planted) - planted))
    client.stop()
    return [
        Row("denyut", "burst_to_alert_p50", statistics.median(delays), "ms"),
        Row("denyut", "burst_to_alert_longest", max(delays), "ms"),
    ]


def _told(client: SseClient, subject: str) -> float | None:
    """When the alert about the subject arrived (epoch seconds)."""
    return next(
        (
            event.at
            for event in list(client.events)
            if event.event == "alerts" and event.data["subject"] == subject
        ),
        None,
    )


def _now() -> int:
    return time.time_ns() // 1_000_000


def _post(words: str, at: int) -> tuple[str, dict[str, Any]]:
    path = ROOT / "schemas" / "examples" / "post" / "1" / "bare.json"
    made = json.loads(path.read_text(encoding="utf-8"))["record"]
    number = next(_NUMBERS)
    name = f"news:bench-{at}-{number}"
    text = f"Warga ramai membicarakan {words} hari ini, kabar nomor {number}"
    return name, {**made, "id": name, "title": None, "text": text, "event_at": at, "collected_at": _now()}
