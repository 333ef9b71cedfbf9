"""The events of a stream that are not from Kafka: each is a frame with the position it speaks of."""

import time
from collections.abc import Mapping
from typing import Any

import orjson

from api.frames import Frame, frame
from api.resume import Start
from api.settings import ApiSettings
from api.telemetry import RESETS


def opened(start: Start, said: Mapping[str, Any], topics: tuple[str, ...], settings: ApiSettings) -> Frame:
    """`open`: where the stream starts, what of the past it cannot give, and what else is `said`."""
    position = start.id
    body = {
        **said,
        "heartbeat_s": settings.stream_heartbeat_s,
        "position": position,
        "gap": [one.as_json() for one in start.gaps] or None,
        "topics": topics,
        "at": _now_ms(),
    }
    return _control("open", position, body, settings.stream_retry_ms)


def reset(start: Start, position: str) -> Frame:
    """`reset`: what is missing between what was asked for and `position`, and where to fetch a snapshot."""
    for gap in start.gaps:
        RESETS.labels(reason=gap.reason).inc()
    reasons = sorted({gap.reason for gap in start.gaps})
    missing = [gap.as_json() for gap in start.gaps]
    return _control("reset", position, {"reasons": reasons, "missing": missing, "position": position})


def heartbeat(position: str) -> Frame:
    """`heartbeat`: all before this position has been sent."""
    return _control("heartbeat", position, {"position": position, "at": _now_ms()})


def closed(reason: str, position: str, retry_ms: int | None = None) -> Frame:
    """`close`: why the stream ends; to go on after `position`, in `retry_ms` where that is said."""
    return _control("close", position, {"reason": reason}, retry_ms)


def _control(event: str, position: str, body: Mapping[str, Any], retry_ms: int | None = None) -> Frame:
    return frame(event, position, orjson.dumps(body), retry_ms)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
