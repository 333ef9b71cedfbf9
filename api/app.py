"""The application: the table of all routes, what surrounds them, and what runs as long as it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from api.errors import HANDLERS
from api.headers import SecurityHeaders
from api.openapi import Operation, document_route
from api.requests import CountRequests
from api.routes import dashboard, health, mentions, page, stream, trends
from api.services import Services

OPERATIONS = (
    Operation("/api/v1/stream", stream.stream, stream.PARAMETERS, "text/event-stream"),
    Operation("/api/v1/mentions", mentions.mentions, mentions.PARAMETERS),
    Operation("/api/v1/trends", trends.trends, trends.PARAMETERS),
    Operation("/api/v1/dashboard/stats", dashboard.stats, dashboard.PARAMETERS),
    Operation("/api/v1/dashboard/sentiment-trend", dashboard.sentiment_trend, dashboard.PARAMETERS),
    Operation("/api/v1/dashboard/volume-trend", dashboard.volume_trend, dashboard.PARAMETERS),
    Operation("/health", health.health, health.PARAMETERS),
    Operation("/metrics", health.metrics, health.PARAMETERS, "text/plain"),
)


def create(services: Services) -> Starlette:
    """The ASGI application over these services; its lifespan starts and stops what they need."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tail = asyncio.create_task(services.tail.run(), name="tail")
        tail.add_done_callback(services.ended)
        try:
            yield
        finally:
            tail.cancel()
            with suppress(asyncio.CancelledError):
                await tail
            services.store.close()
            await services.landed.close()

    app = Starlette(
        routes=[
            *(Route(one.path, one.endpoint, methods=["GET"]) for one in OPERATIONS),
            document_route(OPERATIONS),
            *page.routes(),
        ],
        middleware=[Middleware(CountRequests), Middleware(SecurityHeaders)],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.services = services
    return app
