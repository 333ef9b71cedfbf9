"""GET /health and /metrics: whether the api does its work, and its figures."""

import asyncio
from datetime import UTC, datetime

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.parameters import Parameters, read
from api.services import Services, services
from schemas.errors import Retryable


class NoParameters(Parameters):
    """None are taken."""


PARAMETERS = NoParameters


async def health(request: Request) -> Response:
    """200 where Kafka answers, the live stream moves and ClickHouse answers; 503 naming what does not."""
    read(NoParameters, request.query_params)
    own = services(request)
    failing = [*_live(own), *await _store(own)]
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if not failing:
        return json_answer({"status": "healthy", "timestamp": now})
    return json_answer({"status": "unhealthy", "timestamp": now, "failing": failing}, status=503)


async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    read(NoParameters, request.query_params)
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


async def _store(own: Services) -> list[str]:
    try:
        await own.store.probe()
    except Retryable:
        return ["clickhouse"]
    return []
