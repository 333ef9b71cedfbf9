"""Counts requests by route and status."""

from functools import lru_cache

from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.telemetry import REQUESTS


class CountRequests:
    """ASGI middleware; a route is its pattern, so that addresses made up by clients do not become labels."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the app within."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                count_answer(_pattern(scope), message["status"])
            await send(message)

        await self._app(scope, receive, counted)


def count_answer(route: str, status: int) -> None:
    """Count one answer of a route."""
    _of(route, str(status)).inc()


@lru_cache(maxsize=512)
def _of(route: str, status: str) -> Counter:
    """The counter with these labels: to look it up in the library takes four times what counting does."""
    return REQUESTS.labels(route=route, status=status)


def _pattern(scope: Scope) -> str:
    """The path where a route took it, `/static` for files, otherwise `other`."""
    if scope.get("endpoint") is None:
        return "other"
    return "/static" if scope.get("root_path") else str(scope["path"])
