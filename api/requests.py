"""Counts requests by route and status."""

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
                REQUESTS.labels(route=_pattern(scope), status=str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)


def _pattern(scope: Scope) -> str:
    """The path where a route took it, `/static` for files, otherwise `other`."""
    if scope.get("endpoint") is None:
        return "other"
    return "/static" if scope.get("root_path") else str(scope["path"])
