"""Before an endpoint: who asks, and whether that is allowed."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.access.gate import Gate
from api.access.identity import Identity
from api.access.scopes import BY_TOPIC, OPEN

Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(endpoint: Endpoint, access: str) -> Endpoint:
    """`endpoint`, asked only by who holds the scope `access`. It finds who that is by `identity_of`."""
    if access == OPEN:
        return endpoint

    async def checked(request: Request) -> Response:
        found = request.state.identity = identified(request)
        if access != BY_TOPIC:
            found.require([access])
        return await endpoint(request)

    return checked


def identified(connection: HTTPConnection) -> Identity:
    """Who asks. Raises AccessRefused."""
    gate: Gate = connection.app.state.services.gate
    return gate.identity(connection.headers, connection.scope["query_string"])


def identity_of(request: Request) -> Identity:
    """Who asks, once `guarded` has let him in."""
    found: Identity = request.state.identity
    return found
