"""GET /health, /health/detailed and /metrics: whether the api and the whole flow do their work, and figures."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.parameters import Parameters, read
from api.services import Services, services
from api.telemetry import LAG
from schemas.errors import Retryable


class NoParameters(Parameters):
    """None are taken."""


PARAMETERS = NoParameters


async def health(request: Request) -> Response:
    """200 where Kafka answers, the live stream moves and ClickHouse answers; 503 naming what does not."""
    read(NoParameters, request.query_params)
    own = services(request)
    failing = [*_live(own), *await _store(own)]
    if not failing:
        return json_answer({"status": "healthy", "timestamp": _now()})
    return json_answer({"status": "unhealthy", "timestamp": _now(), "failing": failing}, status=503)


async def detailed(request: Request) -> Response:
    """Every dependency, and every stage and sink with its offsets, lag and last progress; 503 naming what fails.

    A step is `ok` (nothing waits), `behind` (it moves), `stalled` (it is behind and has committed nothing for long) or
    `unknown` (Kafka does not tell). Dependencies are `ok` or `down`. `stalled`, `unknown` and `down` are unhealthy.
    """
    read(NoParameters, request.query_params)
    own = services(request)
    live = _live(own)
    clickhouse = await _clickhouse(own)
    steps = own.flow.steps()
    failing = [*live, *(["clickhouse"] if clickhouse["state"] == "down" else [])]
    failing += [step["name"] for step in steps if step["state"] in ("stalled", "unknown")]
    answer = {
        "status": "unhealthy" if failing else "healthy",
        "timestamp": _now(),
        "failing": failing,
        "dependencies": {
            "kafka": {"state": "down" if "kafka" in live else "ok", "silent_s": round(own.tail.stale_s(), 3)},
            "clickhouse": clickhouse,
        },
        "stream": {
            "state": "down" if "stream" in live else "ok",
            "lag": own.tail.lag() if own.hub.ready else None,
            "draining": own.hub.draining,
        },
        "steps": steps,
    }
    return json_answer(answer, status=503 if failing else 200)


async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    read(NoParameters, request.query_params)
    for (topic, partition), lag in services(request).tail.lags().items():
        LAG.labels(topic=topic, partition=str(partition)).set(lag)
    text = await asyncio.to_thread(generate_latest)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _live(own: Services) -> list[str]:
    failing = []
    if own.tail.stale_s() > own.settings.health_stale_s:
        failing.append("kafka")
    if not own.hub.ready or own.tail.stuck_s() > own.settings.health_stale_s:
        failing.append("stream")
    if own.hub.draining:
        failing.append("shutdown")
    return failing


async def _clickhouse(own: Services) -> dict[str, Any]:
    started = time.monotonic()
    try:
        await own.store.probe()
    except Retryable as error:
        return {"state": "down", "problem": str(error), "answered_ms": None}
    return {"state": "ok", "problem": None, "answered_ms": round((time.monotonic() - started) * 1000, 1)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def _store(own: Services) -> list[str]:
    try:
        await own.store.probe()
    except Retryable:
        return ["clickhouse"]
    return []
