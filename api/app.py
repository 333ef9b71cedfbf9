"""The application: the table of all routes, what surrounds them, and what runs as long as it does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.middleware import Middleware

from api.errors import HANDLERS
from api.headers import SecurityHeaders
from api.openapi.document import document_route
from api.operations import OPERATIONS
from api.requests import CountRequests
from api.routes import asyncapi, page, websocket
from api.services import Services
from api.straight import StraightToStream


def create(services: Services) -> Starlette:
    """The ASGI application over these services; its lifespan starts and stops what they need."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tail = asyncio.create_task(services.tail.run(), name="tail")
        tail.add_done_callback(services.ended)
        pulse = asyncio.create_task(services.pulse.run(), name="pulse")
        pulse.add_done_callback(services.ended)
        watch = asyncio.create_task(services.flow.run(), name="flow")
        watch.add_done_callback(services.ended)
        try:
            yield
        finally:
            for task in (tail, pulse, watch):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await services.sql.close()
            services.store.close()
            if services.owners is not None:
                services.owners.close()
            await services.landed.close()
            await services.rules.close()

    app = Starlette(
        routes=[
            *(one.route() for one in OPERATIONS),
            *websocket.routes(),
            document_route(OPERATIONS),
            asyncapi.document_route(services.settings),
            *page.routes(),
        ],
        middleware=[
            Middleware(StraightToStream, services),
            Middleware(CountRequests),
            Middleware(SecurityHeaders),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.services = services
    return app
